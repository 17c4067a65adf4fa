package app

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/cloudtrail"

	"zesei/internal/awscloud"
	"zesei/internal/casefile"
	"zesei/internal/job"
	"zesei/internal/report"
	"zesei/internal/store"
)

// asksCreator is casework.Rules.Creator: `owner_from` names the creator before
// anything that is known of the resource.
func (a *App) asksCreator() func(string, map[string]string) bool {
	if !slices.Contains(a.Config.OwnerFrom, "creator") {
		return nil
	}
	return func(account string, tags map[string]string) bool {
		return a.Directory.reads(account) && report.AsksCreator(a.Config, a.Directory.Account(account), tags)
	}
}

// trailLags is how long CloudTrail may take until a call can be looked up (AWS
// CloudTrail User Guide: typically within 5 minutes, LookupEvents within 15).
const trailLags = 20 * time.Minute

// creatorJob asks CloudTrail who made the resource of a case. Who may not be
// asked, or does not know, leaves the case with its owner.
func (a *App) creatorJob(ctx context.Context, j job.Job) error {
	id, err := strconv.ParseInt(j.Subject, 10, 64)
	if err != nil {
		return job.Permanent(fmt.Errorf("creator of case %q: %w", j.Subject, err))
	}
	files, err := store.CasesByID(ctx, a.DB.View(), []int64{id})
	if err != nil || len(files) == 0 || files[0].State == casefile.Closed {
		return err
	}
	f := files[0]
	cfg, err := a.Cloud.For(ctx, f.Key.Account, regionOf(f), awscloud.Read, "")
	if err == nil {
		var who string
		if who, err = report.Creator(ctx, cloudtrail.NewFromConfig(cfg), f.Key.Resource); err == nil && who != "" {
			return a.Work.Made(ctx, id, report.Address(a.Config, who))
		}
	}
	var denied *awscloud.NoAccessError
	switch {
	case errors.As(err, &denied) || err != nil && awscloud.Classify(err) == awscloud.Denied:
		a.Log.Warn("who made a resource cannot be asked: its case stays with its owner", "account", f.Key.Account, "resource", f.Key.Resource, "error", err)
		return nil
	case err != nil:
		return err
	case a.Now().Before(f.FirstSeen.Add(trailLags)):
		return job.Later(f.FirstSeen.Add(trailLags), "CloudTrail does not know yet who made the resource")
	}
	return nil
}

// globalTrail is where CloudTrail records the calls of global services such as
// IAM, by partition (AWS CloudTrail User Guide, "Global service events").
var globalTrail = map[string]string{"aws": "us-east-1", "aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1"}

// regionOf is where CloudTrail is asked about a case's resource.
func regionOf(f *casefile.File) string {
	if f.Key.Region == "global" {
		return globalTrail[f.Key.Partition]
	}
	return f.Key.Region
}

// member is the Slack member of who made a resource: the configured person, else
// whoever has that mail address in Slack. A fault only means that nobody is called.
func (a *App) member(ctx context.Context, creator string) string {
	for _, p := range a.Config.People {
		if p.Slack != "" && (p.Slack == creator || p.Email != "" && strings.EqualFold(p.Email, creator)) {
			return p.Slack
		}
	}
	if _, err := mail.ParseAddress(creator); err != nil || a.slack == nil {
		return ""
	}
	if id, ok := a.members.Load(creator); ok {
		return id.(string)
	}
	d, err := a.slack.deliverer(ctx)
	if err != nil {
		return ""
	}
	id, err := d.Member(ctx, creator)
	if err != nil {
		a.Log.Warn("the Slack member of a mail address is not known", "error", err)
		return ""
	}
	a.members.Store(creator, id)
	return id
}
