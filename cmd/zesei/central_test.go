package main

import (
	"fmt"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"

	"zesei/internal/fake"
)

// centralCommands are those of scripts about central configuration:
//
//	central               shop is the delegated administrator of Security Hub;
//	                      the policy members governs 222233334444 and 444455556666
//	updates FILE          write the updates of configuration policies that AWS was sent
//	fault KIND OPERATION  order a fault of Security Hub; ! ends all
func centralCommands() map[string]func(*testscript.TestScript, bool, []string) {
	return map[string]func(*testscript.TestScript, bool, []string){"central": cmdCentral, "updates": cmdUpdates, "fault": cmdHubFault}
}

func cmdCentral(ts *testscript.TestScript, _ bool, _ []string) {
	c := theWorld(ts).cloud
	members := []string{"222233334444", "444455556666"}
	for _, id := range append(members, shop) {
		if id != shop {
			c.AddAccount(fake.Account{ID: id})
		}
		for _, role := range []string{"read", "write"} {
			c.PutRole(fake.Role{ARN: "arn:aws:iam::" + id + ":role/zesei-" + role, Trusts: []string{shop}})
		}
	}
	c.DelegateHub(shop, members...)
	c.AggregateHub(shop, tokyo, "us-east-1")
	c.CentralizeHub(shop)
	policy := c.PutConfigurationPolicy(shop, fake.ConfigurationPolicy{Name: "members", Standards: []string{"fsbp", "cis-1.4"}, Disabled: []string{"IAM.6"}})
	for _, id := range members {
		c.AssociateHub(shop, policy, id)
	}
}

func cmdUpdates(ts *testscript.TestScript, _ bool, args []string) {
	want(ts, args, "FILE")
	var b strings.Builder
	for _, c := range theWorld(ts).cloud.Journal().Entries(fake.Query{Service: "securityhub", Writes: true}) {
		fmt.Fprintf(&b, "%s %s %s\n", c.Operation, c.Outcome, c.Input)
	}
	write(ts, args[0], b.String())
}

func cmdHubFault(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		theWorld(ts).cloud.Faults().Clear()
		return
	}
	want(ts, args, "KIND", "OPERATION")
	theWorld(ts).cloud.Faults().Add(fake.Fault{Kind: fake.FaultKind(args[0]), Service: "securityhub", Operation: args[1]})
}
