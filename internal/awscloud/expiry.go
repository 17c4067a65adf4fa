package awscloud

import (
	"context"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// renewBefore is how long before their end credentials are fetched anew.
const renewBefore = time.Minute

// byClock keeps credentials until shortly before they end by the Cloud's own
// clock. The SDK's cache asks the machine's, which is another in a rehearsal and
// in the demo. Whoever comes while they are fetched waits for them.
type byClock struct {
	provider aws.CredentialsProvider
	now      func() time.Time

	mu   sync.Mutex
	have aws.Credentials
}

var _ aws.CredentialsProvider = (*byClock)(nil)

// Retrieve returns the credentials.
func (b *byClock) Retrieve(ctx context.Context) (aws.Credentials, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.have.HasKeys() && (!b.have.CanExpire || b.now().Before(b.have.Expires.Add(-renewBefore))) {
		return b.have, nil
	}
	got, err := b.provider.Retrieve(ctx)
	if err != nil {
		return aws.Credentials{}, err
	}
	b.have = got
	return got, nil
}
