package finding

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"sync"
)

// contentHash is 16 bytes of SHA-256 over what a finding says. The times of the
// statement and Raw are left out: they move on every import.
func contentHash(f *Finding) [16]byte {
	p := hashBuffers.Get().(*hashBuffer)
	defer hashBuffers.Put(p)
	h := hashBuffer{b: p.b[:0], keys: p.keys}
	h.text(f.Source.ProductARN, f.Source.ID, f.Account, f.Region, f.Title, f.Description,
		string(f.Severity), string(f.Status), string(f.RecordState), f.ArchivalReason,
		string(f.Workflow), f.RemediationURL, f.NoteUpdatedBy)
	h.list(f.StatusReasons)
	h.list(f.Standards)
	h.list(f.Recheck)
	h.flag(f.Closes, f.Notice)
	h.number(uint64(f.Quiet))
	h.number(uint64(len(f.Subjects)))
	for i := range f.Subjects {
		s := &f.Subjects[i]
		k := &s.Key
		h.text(string(k.Kind), k.Partition, k.Account, k.Region, k.Control, k.Resource, k.Discriminator, s.ResourceType)
		h.list(s.Others)
		h.keys = h.keys[:0]
		for name := range s.Tags {
			h.keys = append(h.keys, name)
		}
		slices.Sort(h.keys)
		h.number(uint64(len(h.keys)))
		for _, name := range h.keys {
			h.text(name, s.Tags[name])
		}
	}
	if a := f.Actor; a != nil {
		h.text(a.Principal, a.Name, a.Address, a.UserAgent, a.Event, a.EventID)
	}
	*p = h
	sum := sha256.Sum256(h.b)
	return [16]byte(sum[:16])
}

type hashBuffer struct {
	b    []byte
	keys []string
}

var hashBuffers = sync.Pool{New: func() any { return &hashBuffer{b: make([]byte, 0, 4096)} }}

// text adds texts, each behind its length, so that no two lists read the same.
func (h *hashBuffer) text(all ...string) {
	for _, s := range all {
		h.number(uint64(len(s)))
		h.b = append(h.b, s...)
	}
}

func (h *hashBuffer) list(l []string) {
	h.number(uint64(len(l)))
	h.text(l...)
}

func (h *hashBuffer) number(n uint64) { h.b = binary.AppendUvarint(h.b, n) }

func (h *hashBuffer) flag(all ...bool) {
	for _, f := range all {
		h.b = append(h.b, 0)
		if f {
			h.b[len(h.b)-1] = 1
		}
	}
}
