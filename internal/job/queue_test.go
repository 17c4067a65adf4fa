package job_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"zesei/internal/job"
	"zesei/internal/job/jobtest"
)

func TestQueue(t *testing.T) {
	jobtest.Run(t, func(_ *testing.T, o jobtest.Options) jobtest.Queue {
		return &job.Queue{DB: o.DB, Handlers: o.Handlers, Owner: o.Owner, Workers: o.Workers, Log: o.Log,
			Now: time.Now, Rand: rand.New(rand.NewPCG(1, 2))}
	})
}
