package fake_test

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/securityhub"
	"github.com/aws/aws-sdk-go-v2/service/securityhub/types"

	"zesei/internal/fake"
)

const product = "arn:aws:securityhub:" + tokyo + "::product/aws/securityhub"

// asff is a finding of the given account, number and fields.
func asff(account string, n int, more map[string]any) []byte {
	m := map[string]any{
		"Id": fmt.Sprintf("finding/%s/%03d", account, n), "ProductArn": product, "GeneratorId": "security-control/EC2.19",
		"Title": "t", "Description": "d", "AwsAccountId": account,
		"Compliance": map[string]any{"Status": "FAILED", "SecurityControlId": "EC2.19"},
		"Severity":   map[string]any{"Label": "CRITICAL"},
		"Resources":  []any{map[string]any{"Type": "AwsEc2SecurityGroup", "Id": fmt.Sprintf("arn:aws:ec2:%s:%s:security-group/sg-%03d", tokyo, account, n)}},
		"UpdatedAt":  "2026-04-01T08:00:00.000Z", "CreatedAt": "2026-04-01T08:00:00.000Z",
	}
	for k, v := range more {
		m[k] = v
	}
	b, err := json.Marshal(m)
	if err != nil {
		panic(err)
	}
	return b
}

func (w *world) put(t *testing.T, account string, n int, more map[string]any) {
	t.Helper()
	if err := w.PutFinding(account, tokyo, asff(account, n, more)); err != nil {
		t.Fatal(err)
	}
}

func eq(values ...string) []types.StringFilter { return filter("EQUALS", values...) }

func filter(comparison string, values ...string) []types.StringFilter {
	var list []types.StringFilter
	for _, v := range values {
		list = append(list, types.StringFilter{Value: aws.String(v), Comparison: types.StringFilterComparison(comparison)})
	}
	return list
}

func ids(t *testing.T, c *securityhub.Client, f *types.AwsSecurityFindingFilters) []string {
	t.Helper()
	var all []string
	for p := securityhub.NewGetFindingsPaginator(c, &securityhub.GetFindingsInput{Filters: f, MaxResults: aws.Int32(100)}); p.HasMorePages(); {
		page, err := p.NextPage(ctx)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range page.Findings {
			all = append(all, *f.Id)
		}
	}
	return all
}

func TestGetFindingsFiltersAsSecurityHubDoes(t *testing.T) {
	w := newWorld(t)
	w.put(t, shop, 1, nil)
	w.put(t, shop, 2, map[string]any{"Compliance": map[string]any{"Status": "PASSED", "SecurityControlId": "S3.8"}, "UpdatedAt": "2026-03-01T08:00:00.000Z"})
	w.put(t, shop, 3, map[string]any{"RecordState": "ARCHIVED", "GeneratorId": "pci-dss/v/3.2.1/PCI.EC2.5"})
	c := w.hub(shop)
	id := func(n ...int) (list []string) {
		for _, i := range n {
			list = append(list, fmt.Sprintf("finding/%s/%03d", shop, i))
		}
		return list
	}
	days := types.DateRange{Unit: types.DateRangeUnitDays, Value: aws.Int32(7)}
	for name, row := range map[string]struct {
		f    types.AwsSecurityFindingFilters
		want []string
	}{
		"no filter":                 {types.AwsSecurityFindingFilters{}, id(1, 2, 3)},
		"equals":                    {types.AwsSecurityFindingFilters{ComplianceStatus: eq("FAILED")}, id(1, 3)},
		"several values are or":     {types.AwsSecurityFindingFilters{ComplianceSecurityControlId: eq("S3.8", "EC2.19")}, id(1, 2, 3)},
		"attributes are and":        {types.AwsSecurityFindingFilters{ComplianceStatus: eq("FAILED"), RecordState: eq("ACTIVE")}, id(1)},
		"prefix":                    {types.AwsSecurityFindingFilters{GeneratorId: filter("PREFIX", "pci-dss/")}, id(3)},
		"not equals":                {types.AwsSecurityFindingFilters{ComplianceStatus: filter("NOT_EQUALS", "PASSED")}, id(1, 3)},
		"prefix not equals are and": {types.AwsSecurityFindingFilters{GeneratorId: filter("PREFIX_NOT_EQUALS", "pci-dss/", "none/")}, id(1, 2)},
		"prefix, then not equals":   {types.AwsSecurityFindingFilters{GeneratorId: append(filter("PREFIX", "security-control/"), filter("NOT_EQUALS", "security-control/EC2.19")...)}, nil},
		"workflow status":           {types.AwsSecurityFindingFilters{WorkflowStatus: eq("NEW", "NOTIFIED")}, id(1, 3)},
		"deprecated workflow state": {types.AwsSecurityFindingFilters{WorkflowState: eq("NEW")}, id(1, 2, 3)},
		"severity":                  {types.AwsSecurityFindingFilters{SeverityLabel: eq("HIGH")}, nil},
		"resource":                  {types.AwsSecurityFindingFilters{ResourceId: filter("PREFIX", "arn:aws:ec2:"+tokyo+":"+shop+":security-group/sg-002")}, id(2)},
		"account":                   {types.AwsSecurityFindingFilters{AwsAccountId: eq(bank)}, nil},
		"updated since":             {types.AwsSecurityFindingFilters{UpdatedAt: []types.DateFilter{{Start: aws.String("2026-03-31T00:00:00Z"), End: aws.String("2026-04-02T00:00:00Z")}}}, id(1, 3)},
		"updated within days":       {types.AwsSecurityFindingFilters{UpdatedAt: []types.DateFilter{{DateRange: &days}}}, id(1, 3)},
		"values are case-sensitive": {types.AwsSecurityFindingFilters{ComplianceStatus: eq("failed")}, nil},
	} {
		t.Run(name, func(t *testing.T) { same(t, ids(t, c, &row.f), row.want...) })
	}
}

func TestGetFindingsRefusesWhatSecurityHubRefuses(t *testing.T) {
	w := newWorld(t)
	c := w.hub(shop)
	_, err := c.GetFindings(ctx, &securityhub.GetFindingsInput{})
	refused(t, err, "InvalidAccessException") // not switched on
	w.EnableHub(shop, tokyo)
	many := make([]string, 21)
	for i := range many {
		many[i] = fmt.Sprint(i)
	}
	for name, in := range map[string]*securityhub.GetFindingsInput{
		"21 values":     {Filters: &types.AwsSecurityFindingFilters{AwsAccountId: eq(many...)}},
		"101 a page":    {MaxResults: aws.Int32(101)},
		"CONTAINS":      {Filters: &types.AwsSecurityFindingFilters{Title: filter("CONTAINS", "x")}},
		"a bad token":   {NextToken: aws.String("nonsense")},
		"11 attributes": {Filters: &types.AwsSecurityFindingFilters{AwsAccountId: eq("a"), Id: eq("a"), ProductArn: eq("a"), GeneratorId: eq("a"), ComplianceStatus: eq("a"), RecordState: eq("a"), WorkflowStatus: eq("a"), SeverityLabel: eq("a"), Region: eq("a"), ProductName: eq("a"), ResourceId: eq("a")}},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := c.GetFindings(ctx, in)
			refused(t, err, "InvalidInputException")
		})
	}
}

func TestGetFindingsPagesThroughAll(t *testing.T) {
	w := newWorld(t)
	for n := range 250 {
		w.put(t, shop, n, nil)
	}
	if got := ids(t, w.hub(shop), nil); len(got) != 250 || got[249] != "finding/"+shop+"/249" {
		t.Fatalf("%d findings", len(got))
	}
	if n := w.Journal().Count(fake.Query{Operation: "GetFindings"}); n != 3 {
		t.Fatalf("%d pages, want 3", n)
	}
	out := must[*securityhub.GetFindingsOutput](t)(w.hub(shop).GetFindings(ctx, &securityhub.GetFindingsInput{MaxResults: aws.Int32(1), SortCriteria: []types.SortCriterion{{Field: aws.String("Id"), SortOrder: types.SortOrderDescending}}}))
	if *out.Findings[0].Id != "finding/"+shop+"/249" {
		t.Fatalf("sorted: %s", *out.Findings[0].Id)
	}
}

func TestAdministratorSeesMembersAndLinkedRegions(t *testing.T) {
	w := newWorld(t)
	w.put(t, shop, 1, nil)
	w.put(t, bank, 1, nil)
	w.EnableHub(audit, tokyo)
	w.EnableHub(bank, oregon)
	if err := w.PutFinding(bank, oregon, asff(bank, 2, map[string]any{"ProductArn": "arn:aws:securityhub:us-west-2::product/aws/securityhub"})); err != nil {
		t.Fatal(err)
	}
	same(t, ids(t, w.hub(audit), nil))
	w.DelegateHub(audit)
	same(t, ids(t, w.hub(audit), nil), "finding/"+shop+"/001", "finding/"+bank+"/001")
	w.AggregateHub(audit, tokyo)
	same(t, ids(t, w.hub(audit), nil), "finding/"+shop+"/001", "finding/"+bank+"/001", "finding/"+bank+"/002")
	same(t, ids(t, w.hub(shop), nil), "finding/"+shop+"/001")

	members := must[*securityhub.ListMembersOutput](t)(w.hub(audit).ListMembers(ctx, nil))
	if len(members.Members) != 2 || *members.Members[0].AccountId != shop {
		t.Fatalf("members %+v", members.Members)
	}
	admin := must[*securityhub.GetAdministratorAccountOutput](t)(w.hub(shop).GetAdministratorAccount(ctx, nil))
	if *admin.Administrator.AccountId != audit {
		t.Fatalf("administrator %+v", admin.Administrator)
	}
	list := must[*securityhub.ListFindingAggregatorsOutput](t)(w.hub(audit).ListFindingAggregators(ctx, nil))
	one := must[*securityhub.GetFindingAggregatorOutput](t)(w.hub(audit).GetFindingAggregator(ctx, &securityhub.GetFindingAggregatorInput{FindingAggregatorArn: list.FindingAggregators[0].FindingAggregatorArn}))
	if *one.FindingAggregationRegion != tokyo || *one.RegionLinkingMode != "ALL_REGIONS" {
		t.Fatalf("aggregator %+v", one)
	}
	_, err := w.hub(shop).BatchUpdateFindings(ctx, &securityhub.BatchUpdateFindingsInput{
		FindingIdentifiers: []types.AwsSecurityFindingIdentifier{{Id: aws.String("finding/" + bank + "/001"), ProductArn: aws.String(product)}},
		Workflow:           &types.WorkflowUpdate{Status: types.WorkflowStatusSuppressed},
	})
	if err != nil {
		t.Fatal(err)
	}
	if got := w.workflow(t, bank, 1); got != "NEW" {
		t.Fatalf("a member edited another member's finding: %s", got)
	}
}

func (w *world) body(t *testing.T, account string, n int) map[string]any {
	t.Helper()
	raw, ok := w.Finding(account, tokyo, fmt.Sprintf("finding/%s/%03d", account, n))
	if !ok {
		t.Fatalf("no finding %d of %s", n, account)
	}
	m := map[string]any{}
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

func (w *world) workflow(t *testing.T, account string, n int) string {
	t.Helper()
	return w.body(t, account, n)["Workflow"].(map[string]any)["Status"].(string)
}

func update(id string, status types.WorkflowStatus) *securityhub.BatchUpdateFindingsInput {
	return &securityhub.BatchUpdateFindingsInput{
		FindingIdentifiers: []types.AwsSecurityFindingIdentifier{{Id: &id, ProductArn: aws.String(product)}},
		Workflow:           &types.WorkflowUpdate{Status: status}, Note: &types.NoteUpdate{Text: aws.String("seen"), UpdatedBy: aws.String("zesei")},
	}
}

func TestBatchUpdateFindingsEditsAndEchoes(t *testing.T) {
	w := newWorld(t)
	w.put(t, shop, 1, nil)
	var events []fake.Event
	w.OnEvent(func(e fake.Event) { events = append(events, e) })
	w.clock.at = w.clock.at.Add(time.Hour)
	in := update("finding/"+shop+"/001", types.WorkflowStatusNotified)
	in.FindingIdentifiers = append(in.FindingIdentifiers, types.AwsSecurityFindingIdentifier{Id: aws.String("absent"), ProductArn: aws.String(product)})
	out := must[*securityhub.BatchUpdateFindingsOutput](t)(w.hub(shop).BatchUpdateFindings(ctx, in))
	if len(out.ProcessedFindings) != 1 || len(out.UnprocessedFindings) != 1 || *out.UnprocessedFindings[0].ErrorCode != "FindingNotFound" {
		t.Fatalf("%+v", out)
	}
	f := w.body(t, shop, 1)
	if f["UpdatedAt"] != "2026-04-01T08:00:00.000Z" || f["ProcessedAt"] != "2026-04-01T10:00:00.000Z" {
		t.Fatalf("UpdatedAt %v, ProcessedAt %v", f["UpdatedAt"], f["ProcessedAt"])
	}
	if f["Note"].(map[string]any)["UpdatedBy"] != "zesei" || w.workflow(t, shop, 1) != "NOTIFIED" {
		t.Fatalf("%v", f)
	}
	var echo []fake.Event
	for _, e := range events {
		if e.DetailType == "Security Hub Findings - Imported" {
			echo = append(echo, e)
		}
	}
	if len(echo) != 1 || echo[0].Source != "aws.securityhub" || echo[0].Account != shop || echo[0].Region != tokyo {
		t.Fatalf("events %+v", events)
	}
	_, err := w.hub(shop).BatchUpdateFindings(ctx, update("finding/"+shop+"/001", "DONE"))
	refused(t, err, "InvalidInputException")
	tooMany := update("x", "NEW")
	for len(tooMany.FindingIdentifiers) < 101 {
		tooMany.FindingIdentifiers = append(tooMany.FindingIdentifiers, tooMany.FindingIdentifiers[0])
	}
	_, err = w.hub(shop).BatchUpdateFindings(ctx, tooMany)
	refused(t, err, "InvalidInputException")
}

func TestBatchImportFindingsTakesOnlyLaterUpdates(t *testing.T) {
	w := newWorld(t)
	w.EnableHub(shop, tokyo)
	one := func(title, updated string) types.AwsSecurityFinding {
		return types.AwsSecurityFinding{
			Id: aws.String("mine/1"), ProductArn: aws.String("arn:aws:securityhub:" + tokyo + ":" + shop + ":product/" + shop + "/default"), GeneratorId: aws.String("g"), AwsAccountId: aws.String(shop),
			SchemaVersion: aws.String("2018-10-08"), Title: &title, Description: aws.String("d"), CreatedAt: aws.String("2026-04-01T00:00:00Z"), UpdatedAt: &updated,
			Types: []string{"x"}, Severity: &types.Severity{Label: "HIGH"}, Resources: []types.Resource{{Type: aws.String("Other"), Id: aws.String("r")}},
		}
	}
	for _, row := range []struct{ title, updated, want string }{
		{"first", "2026-04-01T01:00:00Z", "first"}, {"older", "2026-04-01T00:30:00Z", "first"}, {"same", "2026-04-01T01:00:00Z", "first"}, {"later", "2026-04-01T02:00:00Z", "later"},
	} {
		out := must[*securityhub.BatchImportFindingsOutput](t)(w.hub(shop).BatchImportFindings(ctx, &securityhub.BatchImportFindingsInput{Findings: []types.AwsSecurityFinding{one(row.title, row.updated)}}))
		if *out.SuccessCount != 1 {
			t.Fatalf("%s: %+v", row.title, out.FailedFindings)
		}
		got := must[*securityhub.GetFindingsOutput](t)(w.hub(shop).GetFindings(ctx, &securityhub.GetFindingsInput{}))
		if len(got.Findings) != 1 || *got.Findings[0].Title != row.want {
			t.Fatalf("after %s: %s", row.title, *got.Findings[0].Title)
		}
	}
	bad := one("x", "2026-04-02T00:00:00Z")
	bad.AwsAccountId = aws.String(bank)
	out := must[*securityhub.BatchImportFindingsOutput](t)(w.hub(shop).BatchImportFindings(ctx, &securityhub.BatchImportFindingsInput{Findings: []types.AwsSecurityFinding{bad}}))
	if *out.FailedCount != 1 {
		t.Fatalf("another account's finding was taken: %+v", out)
	}
}

func TestSecurityHubMovesTheWorkflow(t *testing.T) {
	for _, row := range []struct{ name, set, first, then, want string }{
		{"a pass resolves", "NOTIFIED", "FAILED", "PASSED", "RESOLVED"},
		{"a pass leaves suppressed", "SUPPRESSED", "FAILED", "PASSED", "SUPPRESSED"},
		{"failing again after a pass is new", "", "PASSED", "FAILED", "NEW"},
		{"not available after a pass is new", "NOTIFIED", "PASSED", "NOT_AVAILABLE", "NEW"},
		{"still failing changes nothing", "NOTIFIED", "FAILED", "FAILED", "NOTIFIED"},
		{"resolved by hand and failing stays", "RESOLVED", "FAILED", "FAILED", "RESOLVED"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t)
			e := fake.Evaluation{Control: "EC2.19", ResourceType: "AwsEc2SecurityGroup", ResourceID: "arn:aws:ec2:x", Status: row.first}
			id := w.Evaluate(shop, tokyo, e)
			if row.set != "" {
				must[*securityhub.BatchUpdateFindingsOutput](t)(w.hub(shop).BatchUpdateFindings(ctx, update(id, types.WorkflowStatus(row.set))))
			}
			e.Status = row.then
			if again := w.Evaluate(shop, tokyo, e); again != id {
				t.Fatalf("a second finding: %s and %s", id, again)
			}
			got := must[*securityhub.GetFindingsOutput](t)(w.hub(shop).GetFindings(ctx, nil)).Findings
			if len(got) != 1 || string(got[0].Workflow.Status) != row.want {
				t.Fatalf("workflow %s, want %s", got[0].Workflow.Status, row.want)
			}
			label := "INFORMATIONAL"
			if row.then == "FAILED" {
				label = "CRITICAL"
			}
			if string(got[0].Severity.Label) != label {
				t.Fatalf("severity %s, want %s", got[0].Severity.Label, label)
			}
		})
	}
}

func TestControlsAreSwitched(t *testing.T) {
	w := newWorld(t)
	c := w.hub(shop)
	must[*securityhub.EnableSecurityHubOutput](t)(c.EnableSecurityHub(ctx, &securityhub.EnableSecurityHubInput{}))
	_, err := c.EnableSecurityHub(ctx, &securityhub.EnableSecurityHubInput{})
	refused(t, err, "ResourceConflictException")
	must[*securityhub.DescribeHubOutput](t)(c.DescribeHub(ctx, nil))
	enabled := must[*securityhub.GetEnabledStandardsOutput](t)(c.GetEnabledStandards(ctx, nil)).StandardsSubscriptions
	if len(enabled) != 2 {
		t.Fatalf("standards %+v", enabled)
	}
	var fsbp types.StandardsSubscription
	for _, s := range enabled {
		if *s.StandardsArn == "arn:aws:securityhub:"+tokyo+"::standards/aws-foundational-security-best-practices/v/1.0.0" {
			fsbp = s
		}
	}
	controls := must[*securityhub.DescribeStandardsControlsOutput](t)(c.DescribeStandardsControls(ctx, &securityhub.DescribeStandardsControlsInput{StandardsSubscriptionArn: fsbp.StandardsSubscriptionArn})).Controls
	if len(controls) < 10 {
		t.Fatalf("%d controls of fsbp", len(controls))
	}
	_, err = c.UpdateStandardsControl(ctx, &securityhub.UpdateStandardsControlInput{StandardsControlArn: controls[0].StandardsControlArn, ControlStatus: "DISABLED"})
	refused(t, err, "InvalidInputException") // no reason given
	must[*securityhub.UpdateStandardsControlOutput](t)(c.UpdateStandardsControl(ctx, &securityhub.UpdateStandardsControlInput{StandardsControlArn: controls[0].StandardsControlArn, ControlStatus: "DISABLED", DisabledReason: aws.String("unused")}))
	id := controls[0].ControlId
	status := func() string {
		t.Helper()
		list := must[*securityhub.ListStandardsControlAssociationsOutput](t)(c.ListStandardsControlAssociations(ctx, &securityhub.ListStandardsControlAssociationsInput{SecurityControlId: id}))
		for _, a := range list.StandardsControlAssociationSummaries {
			if *a.StandardsArn == *fsbp.StandardsArn {
				return string(a.AssociationStatus)
			}
		}
		return "none"
	}
	if got := status(); got != "DISABLED" {
		t.Fatalf("after disabling: %s", got)
	}
	out := must[*securityhub.BatchUpdateStandardsControlAssociationsOutput](t)(c.BatchUpdateStandardsControlAssociations(ctx, &securityhub.BatchUpdateStandardsControlAssociationsInput{StandardsControlAssociationUpdates: []types.StandardsControlAssociationUpdate{
		{StandardsArn: fsbp.StandardsArn, SecurityControlId: id, AssociationStatus: "ENABLED"}, {StandardsArn: fsbp.StandardsArn, SecurityControlId: aws.String("None.1"), AssociationStatus: "ENABLED"},
	}}))
	if len(out.UnprocessedAssociationUpdates) != 1 || status() != "ENABLED" {
		t.Fatalf("%+v, %s", out.UnprocessedAssociationUpdates, status())
	}
	defs := must[*securityhub.ListSecurityControlDefinitionsOutput](t)(c.ListSecurityControlDefinitions(ctx, &securityhub.ListSecurityControlDefinitionsInput{MaxResults: aws.Int32(5)}))
	if len(defs.SecurityControlDefinitions) != 5 || defs.NextToken == nil {
		t.Fatalf("definitions: %d, token %v", len(defs.SecurityControlDefinitions), defs.NextToken)
	}
	batch := must[*securityhub.BatchGetSecurityControlsOutput](t)(c.BatchGetSecurityControls(ctx, &securityhub.BatchGetSecurityControlsInput{SecurityControlIds: []string{"EC2.19", "None.1"}}))
	if len(batch.SecurityControls) != 1 || batch.SecurityControls[0].SecurityControlStatus != "ENABLED" || len(batch.UnprocessedIds) != 1 {
		t.Fatalf("%+v", batch)
	}
}
