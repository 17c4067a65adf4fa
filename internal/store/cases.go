package store

import (
	"context"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"zesei/internal/casefile"
	"zesei/internal/finding"
)

const caseColumns = `id, kind, "partition", account, region, control, resource, resource_type, discriminator,
	title, severity, state, reason, opened_at, closed_at, changed_at, first_seen, audit_seq, audit_head, standards, life`

// row is what the `life` column holds: all of a case that no query asks for.
type row struct {
	casefile.Life
	Terms casefile.Terms `json:"terms"`
}

var severities = []finding.Severity{finding.Informational, finding.Low, finding.Medium, finding.High, finding.Critical}

func scanCase(rows *sql.Rows) (*casefile.File, error) {
	f := &casefile.File{}
	var (
		rank                   int
		opened, changed, first int64
		closed                 sql.NullInt64
		standards, life        string
	)
	if err := rows.Scan(&f.ID, &f.Key.Kind, &f.Key.Partition, &f.Key.Account, &f.Key.Region, &f.Key.Control, &f.Key.Resource,
		&f.ResourceType, &f.Key.Discriminator, &f.Title, &rank, &f.State, &f.Reason, &opened, &closed, &changed, &first,
		&f.AuditSeq, &f.AuditHead, &standards, &life); err != nil {
		return nil, err
	}
	f.Severity = severities[rank]
	f.OpenedAt, f.ChangedAt, f.FirstSeen, f.ClosedAt = ms(opened), ms(changed), ms(first), Time(closed)
	f.Standards = split(standards)
	var r row
	if err := json.Unmarshal([]byte(life), &r); err != nil {
		return nil, fmt.Errorf("case %d: reading its life: %w", f.ID, err)
	}
	f.Life, f.Terms = r.Life, r.Terms
	return f, nil
}

func ms(v int64) time.Time { return time.UnixMilli(v).UTC() }

func split(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// CasesByHash loads the cases of a batch, with their sources, in two queries.
func CasesByHash(ctx context.Context, q Querier, hashes [][16]byte) (map[[16]byte]*casefile.File, error) {
	out, err := loadCases(ctx, q, `hash IN (SELECT unhex(value) FROM json_each($1))`, hexList(hashes))
	if err != nil {
		return nil, err
	}
	m := make(map[[16]byte]*casefile.File, len(out))
	for _, f := range out {
		m[f.Key.Hash()] = f
	}
	return m, nil
}

// CasesByID loads cases with their sources.
func CasesByID(ctx context.Context, q Querier, ids []int64) ([]*casefile.File, error) {
	list, _ := json.Marshal(ids)
	return loadCases(ctx, q, `id IN (SELECT value FROM json_each($1))`, string(list))
}

// CasesOfResource loads the cases of one resource that are not closed.
func CasesOfResource(ctx context.Context, q Querier, resource string) ([]*casefile.File, error) {
	return loadCases(ctx, q, `resource = $1 AND state <> 'closed'`, resource)
}

// AllCasesOfResource loads the cases of one resource, closed ones too.
func AllCasesOfResource(ctx context.Context, q Querier, account, resource string) ([]*casefile.File, error) {
	return loadCases(ctx, q, `account = $1 AND resource = $2`, account, resource)
}

// CasesDecidedByOther loads up to limit cases that are not closed, with an id
// above after, that another policy than this one decided.
func CasesDecidedByOther(ctx context.Context, q Querier, policyHash string, after int64, limit int) ([]*casefile.File, error) {
	return loadCases(ctx, q, `id IN (SELECT id FROM cases WHERE id > $1 AND state <> 'closed' AND policy <> $2 ORDER BY id LIMIT $3)`, after, policyHash, limit)
}

func loadCases(ctx context.Context, q Querier, where string, args ...any) ([]*casefile.File, error) {
	rows, err := q.QueryContext(ctx, `SELECT `+caseColumns+` FROM cases WHERE `+where+` ORDER BY id`, args...)
	if err != nil {
		return nil, fmt.Errorf("loading cases: %w", err)
	}
	defer rows.Close()
	var out []*casefile.File
	byID := map[int64]*casefile.File{}
	for rows.Next() {
		f, err := scanCase(rows)
		if err != nil {
			return nil, fmt.Errorf("loading cases: %w", err)
		}
		f.Sources = map[[16]byte]casefile.Statement{}
		out = append(out, f)
		byID[f.ID] = f
	}
	if err := rows.Err(); err != nil || len(out) == 0 {
		return out, err
	}
	return out, loadSources(ctx, q, byID)
}

func loadSources(ctx context.Context, q Querier, byID map[int64]*casefile.File) error {
	ids := make([]int64, 0, len(byID))
	for id := range byID {
		ids = append(ids, id)
	}
	list, _ := json.Marshal(ids)
	rows, err := q.QueryContext(ctx, `SELECT s.case_id, s.hash, s.product, s.finding_id, s.account, s.region, s.status, s.record_state,
		s.workflow, s.severity, s.standards, max(s.observed_at, coalesce(n.observed_at, 0))
		FROM sources s LEFT JOIN seen n ON n.hash = s.hash
		WHERE s.case_id IN (SELECT value FROM json_each($1))`, string(list))
	if err != nil {
		return fmt.Errorf("loading sources: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var (
			id, observed int64
			hash         []byte
			s            casefile.Statement
			rank         int
			standards    string
		)
		if err := rows.Scan(&id, &hash, &s.Source.ProductARN, &s.Source.ID, &s.Account, &s.Region, &s.Status, &s.RecordState,
			&s.Workflow, &rank, &standards, &observed); err != nil {
			return fmt.Errorf("loading sources: %w", err)
		}
		s.Severity, s.Standards, s.ObservedAt = severities[rank], split(standards), ms(observed)
		byID[id].Sources[[16]byte(hash)] = s
	}
	return rows.Err()
}

// SaveCase inserts a new case (setting its ID) or updates it.
func SaveCase(ctx context.Context, tx *Tx, f *casefile.File) error {
	life, err := json.Marshal(row{f.Life, f.Terms})
	if err != nil {
		return fmt.Errorf("writing case: %w", err)
	}
	standards := strings.Join(f.Standards, ",")
	if f.ID == 0 {
		h := f.Key.Hash()
		res, err := tx.Exec(ctx, `INSERT INTO cases (hash, kind, "partition", account, region, control, resource, resource_type, discriminator,
			title, severity, state, reason, response, class, owner, due, opened_at, closed_at, changed_at, first_seen,
			audit_seq, audit_head, policy, standards, life, remind_at)
			VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26,$27)`,
			h[:], f.Key.Kind, f.Key.Partition, f.Key.Account, f.Key.Region, f.Key.Control, f.Key.Resource, f.ResourceType, f.Key.Discriminator,
			f.Title, f.Severity.Rank(), f.State, f.Reason, f.Terms.Response, f.Terms.Class, f.Terms.Owner, Millis(f.Terms.Due),
			f.OpenedAt.UnixMilli(), Millis(f.ClosedAt), f.ChangedAt.UnixMilli(), f.FirstSeen.UnixMilli(),
			f.AuditSeq, f.AuditHead, f.Terms.Policy, standards, string(life), Millis(f.RemindAt))
		if err != nil {
			return fmt.Errorf("writing case: %w", err)
		}
		f.ID, err = res.LastInsertId()
		return err
	}
	_, err = tx.Exec(ctx, `UPDATE cases SET resource_type=$1, title=$2, severity=$3, state=$4, reason=$5, response=$6, class=$7, owner=$8,
		due=$9, opened_at=$10, closed_at=$11, changed_at=$12, audit_seq=$13, audit_head=$14, policy=$15, standards=$16, life=$17, remind_at=$19 WHERE id=$18`,
		f.ResourceType, f.Title, f.Severity.Rank(), f.State, f.Reason, f.Terms.Response, f.Terms.Class, f.Terms.Owner,
		Millis(f.Terms.Due), f.OpenedAt.UnixMilli(), Millis(f.ClosedAt), f.ChangedAt.UnixMilli(), f.AuditSeq, f.AuditHead,
		f.Terms.Policy, standards, string(life), f.ID, Millis(f.RemindAt))
	if err != nil {
		return fmt.Errorf("writing case: %w", err)
	}
	return nil
}

// SaveSource writes the last word of one source of a case.
func SaveSource(ctx context.Context, tx *Tx, caseID int64, s casefile.Statement) error {
	h := s.Source.Hash()
	_, err := tx.Exec(ctx, `INSERT INTO sources (case_id, hash, product, finding_id, account, region, status, record_state, workflow, severity, standards, observed_at)
		VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12)
		ON CONFLICT (case_id, hash) DO UPDATE SET status=excluded.status, record_state=excluded.record_state, workflow=excluded.workflow,
		severity=excluded.severity, standards=excluded.standards, observed_at=excluded.observed_at`,
		caseID, h[:], s.Source.ProductARN, s.Source.ID, s.Account, s.Region, s.Status, s.RecordState, s.Workflow, s.Severity.Rank(),
		strings.Join(s.Standards, ","), s.ObservedAt.UnixMilli())
	if err != nil {
		return fmt.Errorf("writing source: %w", err)
	}
	return nil
}

// AddAudit writes rows of the audit chain, already summed.
func AddAudit(ctx context.Context, tx *Tx, caseID int64, e casefile.Entry) error {
	_, err := tx.Exec(ctx, `INSERT INTO audit (case_id, seq, at, actor, what, why, data, hash) VALUES ($1,$2,$3,$4,$5,$6,$7,$8)`,
		caseID, e.Seq, e.At.UnixMilli(), e.Actor, e.What, e.Why, string(e.Data), e.Hash)
	if err != nil {
		return fmt.Errorf("writing the audit chain: %w", err)
	}
	return nil
}

// Audit reads the whole chain of a case.
func Audit(ctx context.Context, q Querier, caseID int64, caseKey string) ([]casefile.Entry, error) {
	rows, err := q.QueryContext(ctx, `SELECT seq, at, actor, what, why, data, hash FROM audit WHERE case_id = $1 ORDER BY seq`, caseID)
	if err != nil {
		return nil, fmt.Errorf("reading the audit chain: %w", err)
	}
	defer rows.Close()
	var out []casefile.Entry
	for rows.Next() {
		e := casefile.Entry{Case: caseKey}
		var at int64
		var data string
		if err := rows.Scan(&e.Seq, &at, &e.Actor, &e.What, &e.Why, &data, &e.Hash); err != nil {
			return nil, fmt.Errorf("reading the audit chain: %w", err)
		}
		e.At = ms(at)
		if data != "" {
			e.Data = json.RawMessage(data)
		}
		out = append(out, e)
	}
	return out, rows.Err()
}

func hexList(hashes [][16]byte) string {
	b := make([]byte, 0, len(hashes)*35+2)
	b = append(b, '[')
	for i, h := range hashes {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, '"')
		b = hex.AppendEncode(b, h[:])
		b = append(b, '"')
	}
	return string(append(b, ']'))
}
