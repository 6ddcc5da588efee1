// Package orders plays what happens at once in every order in which it can: actors
// take turns, step by step, until all sequences of their steps were seen.
package orders

import (
	"context"
	"slices"
	"strings"
	"testing"
)

// Play is one performance. Its actors are added before it begins.
type Play struct {
	Tick func() // called with each step: time passes

	actors  []*actor
	trace   []string // "actor step" in the order in which they happened
	arrived chan struct{}
}

type actor struct {
	play   *Play
	name   string
	act    func(context.Context)
	resume chan struct{}
	done   bool
}

// Explore gives a performance for every order. stage adds the actors and returns
// what checks the outcome.
func Explore(t *testing.T, stage func(*Play) (check func())) {
	t.Helper()
	var order []int // which of the actors that can go on goes on, step by step
	orders := 0
	for ; order != nil || orders == 0; orders++ {
		p := &Play{arrived: make(chan struct{})}
		check := stage(p)
		taken, choices := p.perform(t, order)
		check()
		if t.Failed() {
			t.Fatalf("in the order\n%s", strings.Join(p.trace, "\n"))
		}
		order = next(taken, choices)
	}
	if orders < 2 {
		t.Errorf("%d orders: nothing was interleaved", orders)
	}
	t.Logf("%d orders", orders)
}

// next returns the order after one in which taken was chosen out of choices, or
// nil after the last.
func next(taken, choices []int) []int {
	for i := len(taken) - 1; i >= 0; i-- {
		if taken[i]+1 < choices[i] {
			return append(slices.Clone(taken[:i]), taken[i]+1)
		}
	}
	return nil
}

// Add adds an actor. Whatever act does with its context in between two calls of
// Step happens at once.
func (p *Play) Add(name string, act func(context.Context)) {
	p.actors = append(p.actors, &actor{play: p, name: name, act: act, resume: make(chan struct{})})
}

// perform lets one actor at a time take one step, as order says and then the
// first that can, until all are done.
func (p *Play) perform(t *testing.T, order []int) (taken, choices []int) {
	for _, a := range p.actors {
		go func() {
			a.act(context.WithValue(t.Context(), actorKey{}, a))
			a.done = true
			p.arrived <- struct{}{}
		}()
		<-p.arrived
	}
	for {
		waiting := slices.DeleteFunc(slices.Clone(p.actors), func(a *actor) bool { return a.done })
		if len(waiting) == 0 {
			return taken, choices
		}
		choice := 0
		if len(taken) < len(order) {
			choice = order[len(taken)]
		}
		taken, choices = append(taken, choice), append(choices, len(waiting))
		waiting[choice].resume <- struct{}{}
		<-p.arrived
	}
}

type actorKey struct{}

// IsActing reports whether a call is an actor's.
func IsActing(ctx context.Context) bool { return ctx.Value(actorKey{}) != nil }

// Step waits for the turn of the actor whose call this is. For anybody else it
// does nothing.
func Step(ctx context.Context, what string) {
	a, acting := ctx.Value(actorKey{}).(*actor)
	if !acting {
		return
	}
	a.play.arrived <- struct{}{}
	<-a.resume
	if a.play.Tick != nil {
		a.play.Tick()
	}
	a.play.trace = append(a.play.trace, a.name+" "+what)
}

// Happened reports whether one step, such as "owner removes", happened before
// another did, if that did.
func (p *Play) Happened(step, before string) bool {
	i, j := slices.Index(p.trace, step), slices.Index(p.trace, before)
	return i >= 0 && (j < 0 || i < j)
}

// Last is the last step.
func (p *Play) Last() string { return p.trace[len(p.trace)-1] }
