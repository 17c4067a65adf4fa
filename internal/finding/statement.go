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

// control names the control that a state is about.
func (c *call) control(s *claim, who product) (ControlRef, *Error) {
	if !who.isSecurityHub() {
		return s.foreign(who)
	}
	if id := strings.TrimSpace(s.controlID); id != "" {
		if ref, ok := c.controls.Control(id); ok {
			return ref, nil
		}
		if isControlID(id) { // newer than the catalogue
			return ControlRef{ID: id, Scope: s.likelyScope()}, nil
		}
	}
	for _, name := range s.generators {
		if name == "" {
			continue
		}
		if ref, ok := c.controls.Generator(name); ok {
			return ref, nil
		}
	}
	for _, name := range s.generators {
		if name = name[strings.LastIndexByte(name, '/')+1:]; isControlID(name) {
			return ControlRef{ID: name, Scope: s.likelyScope()}, nil
		}
	}
	return ControlRef{}, wrong("Compliance.SecurityControlId", "%q, and GeneratorId %q names no control that the catalogue knows",
		clean(s.controlID, 64), clean(s.check, 128))
}

// namesControl says whether Security Hub's finding is one of a control's, which
// must have a status.
func (c *call) namesControl(s *claim) bool {
	if s.controlID != "" {
		return true
	}
	for _, name := range s.generators {
		if _, ok := c.controls.Generator(name); ok && name != "" {
			return true
		}
	}
	return false
}

// foreign names the control of a product that is not Security Hub, whatever id
// of Security Hub's it claims.
func (s *claim) foreign(who product) (ControlRef, *Error) {
	if who.isAWS() && who.name == "config" && s.configRule != "" {
		return ControlRef{ID: "config/" + clean(s.configRule, 256), Scope: s.likelyScope()}, nil
	}
	if strings.TrimSpace(s.check) == "" {
		return ControlRef{}, wrong("GeneratorId", "missing; expected the name of the check")
	}
	return ControlRef{ID: who.foreignControl(s.check), Scope: s.likelyScope()}, nil
}

// likelyScope is the scope of a control that is not in the catalogue.
func (s *claim) likelyScope() string {
	for _, r := range s.resources {
		if CloudFormationType(r.kind) != AccountType {
			return ScopeResource
		}
	}
	if len(s.resources) == 0 {
		return ScopeResource
	}
	return ScopeAccountRegion
}

// isControlID says whether s has the shape of a Security Hub control's id:
// letters and digits, a dot, a number.
func isControlID(s string) bool {
	service, number, ok := strings.Cut(s, ".")
	if !ok || service == "" || number == "" || len(s) > 64 {
		return false
	}
	letter := false
	for _, c := range []byte(service) {
		if c|0x20 >= 'a' && c|0x20 <= 'z' {
			letter = true
		} else if c < '0' || c > '9' {
			return false
		}
	}
	for _, c := range []byte(number) {
		if c < '0' || c > '9' {
			return false
		}
	}
	return letter
}

// standardsOf notes the standards that the statement counts for.
func (c *call) standardsOf(s *claim, who product, control ControlRef, f *Finding) {
	if !who.isSecurityHub() {
		return
	}
	for _, name := range s.standards {
		if id, ok := c.controls.Standard(name); ok && !slices.Contains(f.Standards, id) {
			f.Standards = append(f.Standards, id)
		}
	}
	if control.Standard != "" && !slices.Contains(f.Standards, control.Standard) {
		f.Standards = append(f.Standards, control.Standard)
	}
	if len(f.Standards) == 0 {
		for _, name := range s.generators {
			if ref, ok := c.controls.Generator(name); ok && ref.Standard != "" {
				f.Standards = []string{ref.Standard}
				break
			}
		}
	}
	slices.Sort(f.Standards)
}

func accountSubject(control string, at Place, region string) Subject {
	return Subject{
		Key: Key{
			Kind: State, Partition: at.Partition, Account: at.Account, Region: region,
			Control: control, Resource: AccountARN(at.Partition, at.Account),
		},
		ResourceType: AccountType,
	}
}

// subjects are the resources that a state is about: those of the control's
// types, all where none is.
func (s *claim) subjects(control ControlRef, at Place) []Subject {
	all := make([]Subject, 0, len(s.resources))
	matched := false
	for i := range s.resources {
		one := s.resources[i].subject(at)
		ofType := control.covers(one.ResourceType)
		if ofType && !matched {
			matched = true
			all = all[:0]
		}
		if ofType != matched {
			continue
		}
		one.Key.Kind, one.Key.Control = State, control.ID
		if control.Global {
			one.Key.Region = "global"
		}
		if !slices.ContainsFunc(all, func(other Subject) bool { return other.Key == one.Key }) {
			all = append(all, one)
		}
	}
	return all
}

// covers says whether the control looks at resources of a type.
func (c ControlRef) covers(resourceType string) bool {
	for _, t := range c.ResourceTypes {
		if t == resourceType || CloudFormationType(t) == resourceType {
			return true
		}
	}
	return false
}

// subject places a resource: in the Region of its ARN (a multi-Region trail's is
// its home), else the one said of it, else the finding's; "global" for services
// without Regions.
func (r *thing) subject(at Place) Subject {
	where := at
	if region := strings.ToLower(r.region); isRegion(region) {
		where.Region = region
	}
	kind := CloudFormationType(clean(r.kind, 128))
	id := CanonicalARN(kind, clean(r.id, maxName), where)
	region := where.Region
	if a, ok := parseARN(id); ok {
		switch {
		case isRegion(a.region):
			region = a.region
		case a.service == "iam" && a.resource == "root":
			kind = AccountType
		case globalService(a.service):
			region = "global"
		}
	}
	return Subject{
		Key:          Key{Partition: at.Partition, Account: at.Account, Region: region, Resource: id},
		ResourceType: kind,
		Tags:         r.tags,
	}
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

// discriminator tells incidents apart by the source's own id. A Health event's
// is its ARN, to which Security Hub adds the account and an id of its own
// (arn:aws:health:{region}::event/{service}/{type}/{type and id}, "AWS Health
// events and Amazon EventBridge").
func discriminator(id string) string {
	a, ok := parseARN(id)
	if !ok {
		return id
	}
	if parts := strings.SplitN(a.resource, "/", 5); a.service == "health" && len(parts) >= 4 && parts[0] == "event" {
		a.account, a.resource = "", strings.Join(parts[:4], "/")
	}
	return a.String()
}
