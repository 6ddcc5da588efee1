package secret

import (
	"context"
	"fmt"
	"sync"
	"time"
)

// Getter reads a SecureString parameter by name.
type Getter interface {
	Get(ctx context.Context, name string) (string, error)
}

const (
	freshFor     = 5 * time.Minute  // a value is read again after this, so that a rotation is noticed
	refreshEvery = 30 * time.Second // at most this often when somebody presents an unknown key
	fetchTimeout = 3 * time.Second
)

// Parameter is a key ring in a SecureString parameter, read when it is first
// needed and kept. However many ask, one read is under way at a time; when a
// read fails, the last good ring stays in use. It is safe for concurrent use.
type Parameter struct{ cached[Ring] }

// NewParameter returns the ring in the parameter of that name. Nothing is read yet.
func NewParameter(getter Getter, name string, now func() time.Time) *Parameter {
	return &Parameter{cached[Ring]{getter: getter, name: name, decode: Decode, now: now}}
}

// Ring returns the ring. It waits only when no ring was ever read, and then no
// longer than ctx; the read goes on for those who ask later.
func (p *Parameter) Ring(ctx context.Context) (Ring, error) { return p.get(ctx) }

// Current returns the ring's current key.
func (p *Parameter) Current(ctx context.Context) (Key, error) {
	ring, err := p.get(ctx)
	if err != nil {
		return Key{}, err
	}
	return ring.Current(), nil
}

// Refreshed returns the ring, read again unless that was tried lately.
func (p *Parameter) Refreshed(ctx context.Context) (Ring, error) { return p.refreshed(ctx) }

// cached is the value of a parameter, of whichever type its text decodes to.
type cached[T any] struct {
	getter Getter
	name   string
	decode func(string) (T, error)
	now    func() time.Time

	mu      sync.Mutex
	value   T
	read    time.Time     // when value was read; zero before
	tried   time.Time     // when the last read was begun
	pending chan struct{} // closed when the read under way ends; nil if none is
	failure error         // of the last read
}

// Prefetch starts reading, so that the value is there when it is needed.
func (c *cached[T]) Prefetch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.fetch()
}

func (c *cached[T]) get(ctx context.Context) (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.read.IsZero() {
		return c.wait(ctx, c.fetch())
	}
	if c.now().Sub(c.read) >= freshFor {
		c.fetch()
	}
	return c.value, nil
}

func (c *cached[T]) refreshed(ctx context.Context) (T, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.read.IsZero() && c.now().Sub(c.tried) < refreshEvery {
		return c.value, nil
	}
	return c.wait(ctx, c.fetch())
}

// fetch starts a read unless one is under way, and returns what is closed at
// its end. The caller holds mu.
func (c *cached[T]) fetch() <-chan struct{} {
	if c.pending != nil {
		return c.pending
	}
	done := make(chan struct{})
	c.pending, c.tried = done, c.now()
	go func() {
		// Not the caller's context: others wait for the same read.
		ctx, cancel := context.WithTimeout(context.Background(), fetchTimeout)
		defer cancel()
		value, err := c.load(ctx)
		c.mu.Lock()
		defer c.mu.Unlock()
		if err == nil {
			c.value, c.read = value, c.now()
		}
		c.failure, c.pending = err, nil
		close(done)
	}()
	return done
}

// wait waits for a read to end. The caller holds mu, which is released meanwhile.
func (c *cached[T]) wait(ctx context.Context, done <-chan struct{}) (T, error) {
	c.mu.Unlock()
	var late error
	select {
	case <-done:
	case <-ctx.Done():
		late = ctx.Err()
	}
	c.mu.Lock()
	switch {
	case !c.read.IsZero():
		return c.value, nil
	case late != nil:
		return *new(T), fmt.Errorf("waiting for parameter %s: %w", c.name, late)
	default:
		return *new(T), c.failure
	}
}

func (c *cached[T]) load(ctx context.Context) (T, error) {
	text, err := c.getter.Get(ctx, c.name)
	if err != nil {
		return *new(T), fmt.Errorf("reading parameter %s: %w", c.name, err)
	}
	value, err := c.decode(text)
	if err != nil {
		return *new(T), fmt.Errorf("parameter %s: %w", c.name, err)
	}
	return value, nil
}
