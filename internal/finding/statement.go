package finding

import (
	"slices"
	"strings"
)

// finding turns a claim into a Finding, refusing what contradicts itself.
func (c *call) finding(s *claim) (Finding, *Error) {
	who, err := s.speaker()
	if err != nil {
		return Finding{}, err
	}
	at, err := c.whose(s, who)
	if err != nil {
		return Finding{}, err
	}
	f := Finding{
		Source:  Source{ProductARN: who.arn, ID: clean(s.id, maxName)},
		Account: at.Account, Region: at.Region,
		Title: clean(s.title, maxTitle), Description: clean(s.description, maxDescription),
		Severity: s.severity, ArchivalReason: clean(s.archival, 128),
		NoteUpdatedBy: clean(s.noteBy, 512),
		UpdatedAt:     s.updated.at, CreatedAt: s.created.at,
	}
	if f.RecordState, f.Workflow, err = s.states(); err != nil {
		return Finding{}, err
	}
	if err := c.observedAt(s, &f); err != nil {
		return Finding{}, err
	}
	for _, address := range s.remediation {
		if f.RemediationURL = documentation(address); f.RemediationURL != "" {
			break
		}
	}
	for _, r := range s.reasons {
		f.StatusReasons = append(f.StatusReasons, clean(r, 128))
	}
	if len(s.resources) > maxResources {
		return Finding{}, wrong("Resources", "%d of them; expected at most %d", len(s.resources), maxResources)
	}
	switch {
	case s.status != "":
		err = c.state(s, who, at, &f)
	case who.isSecurityHub() && c.namesControl(s):
		err = wrong(s.statusField, "missing; expected PASSED, FAILED, WARNING or NOT_AVAILABLE")
	default:
		err = s.incident(who, at, &f)
	}
	if err != nil {
		return Finding{}, err
	}
	f.ContentHash = contentHash(&f)
	return f, nil
}

// speaker reads who makes the claim.
func (s *claim) speaker() (product, *Error) {
	switch {
	case strings.TrimSpace(s.id) == "":
		return product{}, wrong("Id", "missing; expected the finding's id")
	case len(s.id) > maxName:
		return product{}, wrong("Id", "%d bytes long; expected at most %d", len(s.id), maxName)
	case s.productARN != "":
		p, ok := parseProduct(s.productARN)
		if !ok {
			return p, wrong("ProductArn", "%q; expected arn:aws:securityhub:{region}::product/{company}/{product}", clean(s.productARN, 128))
		}
		return p, nil
	case s.product != "":
		name := strings.ToLower(clean(s.product, 64))
		return product{arn: name, name: name}, nil
	}
	return product{}, wrong("ProductArn", "missing; expected arn:aws:securityhub:{region}::product/{company}/{product}")
}

// whose settles account, Region and partition, which the finding, its id, its
// product and the envelope must agree about.
func (c *call) whose(s *claim, who product) (Place, *Error) {
	at := Place{Account: s.account, Region: strings.ToLower(s.region), Partition: who.partition}
	if !isAccount(at.Account) {
		return at, wrong("AwsAccountId", "%q; expected 12 digits", clean(s.account, 32))
	}
	id, isARN := parseARN(s.id)
	if isARN && isAccount(id.account) && id.account != at.Account {
		return at, forged("AwsAccountId", "account %s, but the finding's Id is of account %s; refused as forged", at.Account, id.account)
	}
	if c.account != "" && c.account != at.Account && !c.trusted(c.account, at.Account) {
		return at, forged("AwsAccountId", "account %s, brought by account %s, which is not its delegated administrator", at.Account, c.account)
	}
	for _, other := range [...]string{who.region, id.region} {
		if other != "" && (at.Region == "" || at.Region == "global") {
			at.Region = other
		}
	}
	for i := 0; at.Region == "" && i < len(s.resources); i++ {
		at.Region = strings.ToLower(s.resources[i].region)
	}
	if !isRegion(at.Region) && !s.regionless {
		return at, wrong("Region", "%q; expected a Region such as ap-northeast-1", clean(at.Region, 32))
	}
	if at.Partition == "" {
		at.Partition = s.partition
	}
	if at.Partition == "" && isARN {
		at.Partition = id.partition
	}
	if at.Partition == "" {
		at.Partition = partitionOf(at.Region)
	}
	if at.Partition = strings.ToLower(at.Partition); !isPartition(at.Partition) {
		return at, wrong("Resources.Partition", "%q; expected aws, aws-cn or aws-us-gov", clean(at.Partition, 32))
	}
	if isARN && id.partition != at.Partition {
		return at, forged("Id", "partition %s, but the product is in %s; refused as forged", clean(id.partition, 32), at.Partition)
	}
	return at, nil
}

func isPartition(s string) bool {
	switch s {
	case "aws", "aws-cn", "aws-us-gov", "aws-iso", "aws-iso-b", "aws-iso-e", "aws-iso-f", "aws-eusc":
		return true
	}
	return false
}

func (s *claim) states() (RecordState, Workflow, *Error) {
	record, flow := RecordState(s.recordState), Workflow(s.workflow)
	switch record {
	case "":
		record = Active
	case Active, Archived:
	default:
		return "", "", wrong("RecordState", "%q; expected ACTIVE or ARCHIVED", clean(s.recordState, 32))
	}
	switch flow {
	case "":
		flow = New
	case New, Notified, Resolved, Suppressed:
	default:
		return "", "", wrong("Workflow.Status", "%q; expected NEW, NOTIFIED, RESOLVED or SUPPRESSED", clean(s.workflow, 32))
	}
	return record, flow, nil
}

// observedAt settles the time that orders the statements of a source.
func (c *call) observedAt(s *claim, f *Finding) *Error {
	for _, m := range s.observed {
		if f.ObservedAt.IsZero() {
			f.ObservedAt = m.at
		}
	}
	if f.ObservedAt.IsZero() {
		f.ObservedAt = c.sent.UTC()
	}
	if f.ObservedAt.IsZero() {
		return wrong("UpdatedAt", "missing; expected the time of the statement in LastObservedAt or UpdatedAt")
	}
	if f.ObservedAt.After(c.latest) {
		f.ObservedAt = c.latest.UTC()
	}
	return nil
}

// state reads a statement that a control is broken or holds.
func (c *call) state(s *claim, who product, at Place, f *Finding) *Error {
	// A status that the format does not have, such as Prowler's INFOED for a
	// check that a person must make, states nothing that a case could follow:
	// as a dead letter it is seen, which no guess at its meaning would be.
	switch f.Status = Status(s.status); f.Status {
	case Passed, Failed, Warning, NotAvailable:
	default:
		return wrong(s.statusField, "%q; expected PASSED, FAILED, WARNING or NOT_AVAILABLE", clean(s.status, 32))
	}
	control, err := c.control(s, who)
	if err != nil {
		return err
	}
	c.standardsOf(s, who, control, f)
	switch control.Scope {
	case ScopeAccount:
		f.Subjects = []Subject{accountSubject(control.ID, at, "global")}
	case ScopeAccountRegion:
		f.Subjects = []Subject{accountSubject(control.ID, at, at.Region)}
	default:
		f.Subjects = s.subjects(control, at)
		if len(f.Subjects) == 0 {
			return wrong("Resources", "empty; expected the resource that %s is about", control.ID)
		}
	}
	return nil
}

// incident reads a statement that something happened. Its key is the same by
// whatever way it comes: the discriminator is the id that the source gave it,
// for GuardDuty the finding's ARN.
func (s *claim) incident(who product, at Place, f *Finding) *Error {
	var control string
	switch {
	case who.isAWS():
		control = who.word() + "/" + clean(who.incidentName(s.types, s.check), 256)
	default:
		ref, err := s.foreign(who)
		if err != nil {
			return err
		}
		control = ref.ID
	}
	one := Subject{
		Key:          Key{Resource: AccountARN(at.Partition, at.Account)},
		ResourceType: AccountType,
	}
	for i := range s.resources {
		r := s.resources[i].subject(at)
		if i == 0 {
			one = r
		} else if r.Key.Resource != one.Key.Resource && !slices.Contains(one.Others, r.Key.Resource) {
			one.Others = append(one.Others, r.Key.Resource)
		}
	}
	one.Key = Key{
		Kind: Incident, Partition: at.Partition, Account: at.Account, Region: at.Region,
		Control: control, Resource: one.Key.Resource, Discriminator: discriminator(f.Source.ID),
	}
	f.Subjects = []Subject{one}
	f.Closes = s.ended || f.RecordState == Archived
	return nil
}
