package people

import (
	"context"
	"crypto/sha256"
	"fmt"
	"iter"
	"sync"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
)

// workers is how many lines are imported at once: some 2,000 a second where a
// read takes 5 ms.
const workers = 16

// Summary counts what became of the lines.
type Summary struct {
	Read      int `json:"read"`
	Imported  int `json:"imported"`  // or, in a rehearsal, would be, as below
	Unchanged int `json:"unchanged"` //
	Changed   int `json:"changed"`   // got another address, or the current pepper
	Claimed   int `json:"claimed"`   // have an account: left as they are
	Bad       int `json:"bad"`       // lines, not problems
}

// Importer imports the people of a file. Use it once.
type Importer struct {
	Roster   roster.Roster       // over a [Rehearsal] nothing is written
	Report   func(Problem) error // gets each problem; lines may come in another order
	Progress func(Summary)       // is called after each line

	mu      sync.Mutex
	summary Summary
	seen    map[digest]int // account number → line that has it
}

// digest tells account numbers apart in less memory than they take.
type digest [16]byte

// Run imports all lines that are good. An error is a fault that ends the run
// early; the summary tells how far it came.
func (i *Importer) Run(ctx context.Context, lines iter.Seq2[Line, error]) (Summary, error) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	i.seen = map[digest]int{}
	good := make(chan Line)
	var all sync.WaitGroup
	for range workers {
		all.Go(func() {
			for line := range good {
				if err := i.add(ctx, line); err != nil {
					stop(err)
				}
			}
		})
	}
	err := i.feed(ctx, lines, good)
	close(good)
	all.Wait()
	if err == nil {
		err = context.Cause(ctx)
	}
	return i.summary, err
}

// feed passes on the lines that are good and reports the others.
func (i *Importer) feed(ctx context.Context, lines iter.Seq2[Line, error], good chan<- Line) error {
	for line, err := range lines {
		if err != nil {
			return err
		}
		i.findRepeated(&line)
		if len(line.Problems) > 0 {
			if err := i.refuse(line); err != nil {
				return err
			}
			continue
		}
		select {
		case good <- line:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}

// findRepeated refuses a line whose account number stood on another one, whatever
// became of that: which address is right is for the owner to say.
func (i *Importer) findRepeated(line *Line) {
	if len(line.Problems) > 0 {
		return
	}
	hash := sha256.Sum256([]byte(line.Identity.Number()))
	sum := digest(hash[:16])
	if first, repeated := i.seen[sum]; repeated {
		line.refuse(roster.FieldNumber, fmt.Sprintf("line %d has it too: keep one of them", first))
		return
	}
	i.seen[sum] = line.Number
}

// add imports a line.
func (i *Importer) add(ctx context.Context, line Line) error {
	outcome, err := i.Roster.Import(ctx, line.Identity)
	if err != nil {
		return fmt.Errorf("importing line %d: %w", line.Number, err)
	}
	if outcome == roster.Busy {
		line.refuse("", "somebody is creating an account with this number: import it again in a few minutes")
		return i.refuse(line)
	}
	i.count(map[roster.Outcome]*int{
		roster.Imported: &i.summary.Imported, roster.Unchanged: &i.summary.Unchanged,
		roster.Changed: &i.summary.Changed, roster.Taken: &i.summary.Claimed,
	}[outcome])
	return nil
}

func (i *Importer) refuse(line Line) error {
	i.count(&i.summary.Bad)
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, problem := range line.Problems {
		if err := i.Report(problem); err != nil {
			return fmt.Errorf("reporting what is bad: %w", err)
		}
	}
	return nil
}

// count counts a line that is done.
func (i *Importer) count(of *int) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.summary.Read++
	*of++
	i.Progress(i.summary)
}

// Rehearsal is a roster that is read and never written.
type Rehearsal struct{ roster.Keeper }

// SetPerson implements roster.Keeper.
func (Rehearsal) SetPerson(context.Context, string, credentials.Person, credentials.Person) error {
	return nil
}

// MovePerson implements roster.Keeper.
func (Rehearsal) MovePerson(context.Context, string, string, credentials.Person, credentials.Person) error {
	return nil
}
