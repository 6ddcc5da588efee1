package stack

import (
	"crypto/rand"
	"encoding/json"
	"fmt"
	"math/big"
	"strings"
	"sync"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/template"
)

// Alphabets of the identifiers that AWS makes.
const (
	lowerAlphanumeric = "abcdefghijklmnopqrstuvwxyz0123456789"
	upperAlphanumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	mixedAlphanumeric = lowerAlphanumeric + "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

// maxName is how long the name of a function or a role may be, the shortest limit
// of those that matter here.
const maxName = 64

// ledger is what the stack remembers of its resources between runs that keep
// their state.
type ledger struct {
	mu       sync.Mutex
	StackID  string                  `json:"stackId"`
	Physical map[string]string       `json:"physicalIds"`     // logical id → physical id
	Custom   map[string]customRecord `json:"customResources"` // logical id → custom resource
}

// customRecord is a custom resource as it was last created or updated.
type customRecord struct {
	Type       string         `json:"type"`
	PhysicalID string         `json:"physicalId"`
	Properties map[string]any `json:"properties"`
}

func newLedger(stackName string) *ledger {
	return &ledger{
		StackID:  arn("cloudformation", "stack/"+stackName+"/"+uuid()),
		Physical: map[string]string{},
		Custom:   map[string]customRecord{},
	}
}

func (l *ledger) snapshot() ([]byte, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return json.Marshal(l)
}

func (l *ledger) custom(logicalID string) (customRecord, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	record, ok := l.Custom[logicalID]
	return record, ok
}

// customOf returns a custom resource of a type, or nothing.
func (l *ledger) customOf(resourceType string) customRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, record := range l.Custom {
		if record.Type == resourceType {
			return record
		}
	}
	return customRecord{}
}

// removed lists the custom resources that the template doesn't have, and forgets them.
func (l *ledger) removed(kept map[string]*template.Resource) map[string]customRecord {
	l.mu.Lock()
	defer l.mu.Unlock()
	gone := map[string]customRecord{} // logical id → custom resource
	for logicalID, record := range l.Custom {
		if kept[logicalID] == nil {
			gone[logicalID] = record
			delete(l.Custom, logicalID)
		}
	}
	return gone
}

func (l *ledger) setCustom(logicalID string, record customRecord) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.Custom[logicalID] = record
}

// physical returns a resource's physical id, which is fresh in the first run.
func (l *ledger) physical(logicalID, fresh string) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if existing, ok := l.Physical[logicalID]; ok {
		return existing
	}
	l.Physical[logicalID] = fresh
	return fresh
}

// chosen is physical for a resource whose template may name it.
func (l *ledger) chosen(logicalID, given, fresh string) string {
	if given != "" {
		return given
	}
	return l.physical(logicalID, fresh)
}

// named makes a name as CloudFormation does: the stack's, the logical id, and a
// random end.
func (s *Stack) named(logicalID string) string {
	end := "-" + randomFrom(upperAlphanumeric, 12)
	start := s.options.Assembly.StackName + "-" + logicalID
	return start[:min(len(start), maxName-len(end))] + end
}

func random(length int) string { return randomFrom(lowerAlphanumeric, length) }

func randomMixed(length int) string { return randomFrom(mixedAlphanumeric, length) }

func randomFrom(alphabet string, length int) string {
	var text strings.Builder
	for range length {
		i, err := rand.Int(rand.Reader, big.NewInt(int64(len(alphabet))))
		if err != nil {
			panic(err) // crypto/rand's reader never fails
		}
		text.WriteByte(alphabet[i.Int64()])
	}
	return text.String()
}

// uuid returns a random UUID (RFC 9562, version 4), the form of CloudFormation's ids.
func uuid() string {
	var u [16]byte
	_, _ = rand.Read(u[:]) // it never fails: the program ends instead
	u[6] = u[6]&0x0f | 0x40
	u[8] = u[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", u[:4], u[4:6], u[6:8], u[8:10], u[10:])
}
