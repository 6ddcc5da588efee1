package people_test

import (
	"context"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/people"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/passkeytest"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// counted is a roster that counts what reaches it.
type counted struct {
	roster.Keeper
	reads, writes atomic.Int64
}

func (c *counted) Person(ctx context.Context, key string) (credentials.Person, error) {
	c.reads.Add(1)
	return c.Keeper.Person(ctx, key)
}

func (c *counted) SetPerson(ctx context.Context, key string, before, after credentials.Person) error {
	c.writes.Add(1)
	return c.Keeper.SetPerson(ctx, key, before, after)
}

const many = 100_000

// crowd is a file of that many people, each with a note of half a kilobyte; every
// thousandth line is bad.
func crowd() io.Reader {
	r, w := io.Pipe()
	go func() {
		note := strings.Repeat("n", 512)
		_, err := io.WriteString(w, "account_number,email,note\n")
		for i := 1; i <= many && err == nil; i++ {
			domain := "@example.com"
			if i%1000 == 0 {
				domain = ""
			}
			_, err = fmt.Fprintf(w, "N-%07d,person%d%s,%s\n", i, i, domain, note)
		}
		_ = w.CloseWithError(err) // always nil
	}()
	return r
}

// importAll imports the crowd and returns the summary and the most memory that was
// in use, in bytes.
func importAll(t *testing.T, ring secret.Ring, into roster.Keeper) (people.Summary, uint64) {
	t.Helper()
	var peak, problems uint64
	importer := people.Importer{
		Roster: roster.Roster{
			Peppers: func(context.Context) (secret.Ring, error) { return ring, nil }, Store: into, Now: time.Now,
		},
		Report: func(people.Problem) error { problems++; return nil },
		Progress: func(s people.Summary) {
			if s.Read%(many/4) == 0 {
				peak = max(peak, heap())
			}
		},
	}
	summary, err := importer.Run(t.Context(), people.Read(crowd()))
	if err != nil {
		t.Fatal(err)
	}
	if problems != many/1000 || summary.Bad != many/1000 || summary.Read != many {
		t.Errorf("%d problems; summary %+v", problems, summary)
	}
	return summary, peak
}

func heap() uint64 {
	runtime.GC()
	var stats runtime.MemStats
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func TestAHundredThousandLines(t *testing.T) {
	ring, err := secret.NewRing(secret.Pepper, 0)
	if err != nil {
		t.Fatal(err)
	}
	store := &counted{Keeper: &passkeytest.Memory{}}
	const good = many - many/1000
	before := heap()
	rehearsed, peak := importAll(t, ring, people.Rehearsal{Keeper: store})
	if rehearsed.Imported != good || store.writes.Load() != 0 {
		t.Errorf("a rehearsal wrote %d times; summary %+v", store.writes.Load(), rehearsed)
	}
	if grown := int64(peak) - int64(before); grown > 16<<20 {
		t.Errorf("it took %d bytes for a file of 54 MB", grown)
	}
	if first, _ := importAll(t, ring, store); first.Imported != good || store.writes.Load() != good {
		t.Errorf("%d writes; summary %+v", store.writes.Load(), first)
	}
	reads := store.reads.Load()
	if again, _ := importAll(t, ring, store); again.Unchanged != good || store.writes.Load() != good || store.reads.Load()-reads != good {
		t.Errorf("unchanged lines cost %d reads and %d writes; summary %+v", store.reads.Load()-reads, store.writes.Load()-good, again)
	}
}
