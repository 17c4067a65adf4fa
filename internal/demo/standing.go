package demo

import (
	"slices"
	"strings"
	"sync"

	"zesei/internal/fake"
)

// recorder plays AWS Config: it notices that a security group was changed, looks
// at it, and has Security Hub report what each control says. Its checks are
// written here once more, so that they do not lean on those of zesei.
type recorder struct {
	w *world

	mu      sync.Mutex
	changed []seen
}

type seen struct{ account, id string }

// groupControls are what Config looks for in a security group.
var groupControls = []string{"EC2.18", "EC2.19", "EC2.53", "EC2.54"}

func newRecorder(w *world) *recorder {
	r := &recorder{w: w}
	w.aws.OnChange(func(c fake.Change) {
		if c.Service != "ec2" || !strings.HasSuffix(c.Operation, "SecurityGroupIngress") {
			return
		}
		r.mu.Lock()
		defer r.mu.Unlock()
		for _, id := range c.Resources {
			if s := (seen{c.Account, id}); strings.HasPrefix(id, "sg-") && !slices.Contains(r.changed, s) {
				r.changed = append(r.changed, s)
			}
		}
	})
	return r
}

// look evaluates what has changed since the last look, and says how many groups.
func (r *recorder) look() int {
	r.mu.Lock()
	changed := r.changed
	r.changed = nil
	r.mu.Unlock()
	for _, s := range changed {
		r.group(s.account, s.id)
	}
	return len(changed)
}

// group has Security Hub report one group.
func (r *recorder) group(accountID, id string) {
	c := r.w.company
	g, ok := r.w.aws.SecurityGroup(accountID, c.Region, id)
	if !ok {
		return
	}
	for _, control := range groupControls {
		status := "PASSED"
		if slices.ContainsFunc(g.Rules, func(x fake.SecurityGroupRule) bool { return !x.Egress && fails(control, x) }) {
			status = "FAILED"
		}
		r.w.aws.Evaluate(accountID, c.Region, fake.Evaluation{
			Control: control, ResourceType: "AwsEc2SecurityGroup", ResourceID: r.w.groupARN(c.account(accountID), id), Status: status,
		})
	}
}

// risky are the ports of EC2.19
// (https://docs.aws.amazon.com/securityhub/latest/userguide/ec2-controls.html#ec2-19).
var risky = []int{
	20, 21, 22, 23, 25, 110, 135, 143, 445, 1433, 1434, 3000, 3306, 3389, 4333, 5000, 5432, 5500, 5601, 8080, 8088, 8888, 9200, 9300,
}

// fails says whether a rule breaks a control, as the Security Hub user guide
// describes it ("Amazon EC2 controls").
func fails(control string, r fake.SecurityGroupRule) bool {
	all := r.Protocol == "-1"
	covers := func(port int) bool { return all || r.Protocol == "tcp" && r.From <= port && port <= r.To }
	world4, world6 := r.CIDR4 == "0.0.0.0/0", r.CIDR6 == "::/0"
	switch control {
	case "EC2.18":
		return (world4 || world6) && (all || r.From != r.To || r.From != 80 && r.From != 443)
	case "EC2.19":
		return (world4 || world6) && slices.ContainsFunc(risky, covers)
	case "EC2.53":
		return world4 && (covers(22) || covers(3389))
	case "EC2.54":
		return world6 && (covers(22) || covers(3389))
	}
	return false
}
