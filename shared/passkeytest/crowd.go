package passkeytest

import (
	"sync"
	"sync/atomic"
)

// Crowd is how many at once do what counts once.
const Crowd = 50

// AtOnce calls f for everyone in a crowd, all from one moment on, and returns
// what each call returned.
func AtOnce[T any](f func(i int) T) []T {
	results := make([]T, Crowd)
	start := make(chan struct{})
	var all sync.WaitGroup
	for i := range Crowd {
		all.Go(func() {
			<-start
			results[i] = f(i)
		})
	}
	close(start)
	all.Wait()
	return results
}

// Barrier makes a crowd wait for each other, such as the readers of a store, so
// that each has read before the first can write. The zero value holds nobody up.
type Barrier struct {
	held    atomic.Int32
	waiting sync.WaitGroup
}

// Hold makes the next crowd wait.
func (b *Barrier) Hold() {
	b.waiting.Add(Crowd)
	b.held.Store(Crowd)
}

// Wait returns once the whole crowd has come here, or at once where nobody is held.
func (b *Barrier) Wait() {
	if b.held.Add(-1) >= 0 {
		b.waiting.Done()
		b.waiting.Wait()
	}
}
