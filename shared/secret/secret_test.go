package secret_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

func newRing(t *testing.T, kind secret.Kind) secret.Ring {
	t.Helper()
	r, err := secret.NewRing(kind, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestNothingPrintsAKey(t *testing.T) {
	r := newRing(t, secret.Signing)
	k := r.Current()
	text := secret.NewText("a vendor's secret")
	holder := struct {
		Ring secret.Ring
		Key  *secret.Key
		Text secret.Text
	}{r, &k, text}
	var out bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%b", "%o", "%T"} {
		fmt.Fprintf(&out, verb+verb+verb+verb+verb, r, k, &k, text, holder)
	}
	for _, v := range []any{r, k, &k, text, holder} {
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(text)
		slog.New(slog.NewJSONHandler(&out, nil)).Info("m", "v", v)
		slog.New(slog.NewTextHandler(&out, nil)).Info("m", "v", v)
	}
	for _, leak := range []string{
		fmt.Sprintf("%x", k[:]), fmt.Sprintf("%X", k[:]), fmt.Sprintf("%d", k[:])[1:20],
		base64.RawURLEncoding.EncodeToString(k[:]), base64.StdEncoding.EncodeToString(k[:]),
		text.Reveal(), fmt.Sprintf("%x", text.Reveal()), fmt.Sprintf("%X", text.Reveal()),
	} {
		if strings.Contains(out.String(), leak) {
			t.Errorf("a key was printed as %s…", leak[:8])
		}
	}
}

func TestRingSurvivesItsText(t *testing.T) {
	for _, kind := range []secret.Kind{secret.Signing, secret.Symmetric, secret.Pepper} {
		for rotation := range 3 {
			r := newRing(t, kind).Rotate(rotation)
			got, err := secret.Decode(r.Encode())
			if err != nil {
				t.Fatal(err)
			}
			if got.Encode() != r.Encode() || got.Rotation() != rotation || got.Kind() != kind || got.Current() != r.Current() {
				t.Errorf("a %s ring of rotation %d came back as another", kind, rotation)
			}
		}
	}
}

func TestRotation(t *testing.T) {
	r0 := newRing(t, secret.Signing)
	r1 := r0.Rotate(1)
	keys0, keys1 := r0.PublicKeys(), r1.PublicKeys()
	if len(keys0) != 2 || len(keys1) != 3 || keys1[0] != keys0[1] || keys1[2] != keys0[0] {
		t.Errorf("after the rotation the keys are %v, before %v: want next → current → previous", keys1, keys0)
	}
	if again := r1.Rotate(1); again.Encode() != r1.Encode() {
		t.Error("a repeated rotation changed the keys")
	}
	if back := r1.Rotate(0); back.Encode() != r1.Encode() {
		t.Error("a rolled back rotation changed the keys")
	}
	s := newRing(t, secret.Symmetric)
	if s.Rotate(1).Current() == s.Current() || len(s.PublicKeys()) != 0 {
		t.Error("a symmetric ring keeps its key when rotated, or has public keys")
	}
}

func TestRotationOfAPepperKeepsThePreviousOne(t *testing.T) {
	first := newRing(t, secret.Pepper)
	second := first.Rotate(1)
	third := second.Rotate(2)
	if len(first.Peppers()) != 1 || second.Current() == first.Current() {
		t.Error("a ring of peppers begins with more than one, or keeps it when rotated")
	}
	if want := []secret.Key{second.Current(), first.Current()}; !slices.Equal(second.Peppers(), want) {
		t.Error("the previous pepper is not behind the current one")
	}
	if want := []secret.Key{third.Current(), second.Current()}; !slices.Equal(third.Peppers(), want) {
		t.Error("a ring keeps more than the current and the previous pepper, or others")
	}
	if newRing(t, secret.Symmetric).Peppers() != nil || len(first.PublicKeys()) != 0 {
		t.Error("a ring of another kind has peppers, or one of peppers has public keys")
	}
}

func TestDecodeRefuses(t *testing.T) {
	signing, symmetric := newRing(t, secret.Signing).Encode(), newRing(t, secret.Symmetric).Encode()
	for name, text := range map[string]string{
		"nothing":              "",
		"what is no JSON":      "secret",
		"an unknown kind":      strings.Replace(signing, "ed25519", "rsa", 1),
		"too few signing keys": strings.Replace(symmetric, "symmetric", "ed25519", 1),
		"too many keys":        strings.Replace(signing, "ed25519", "symmetric", 1),
		"too many peppers":     strings.Replace(newRing(t, secret.Signing).Rotate(1).Encode(), "ed25519", "pepper", 1),
		"a short key":          `{"kind":"symmetric","keys":["AAAA"]}`,
	} {
		t.Run(name, func(t *testing.T) {
			_, err := secret.Decode(text)
			if !errors.Is(err, secret.ErrRing) {
				t.Errorf("error is %v, want %v", err, secret.ErrRing)
			}
			if text != "" && strings.Contains(err.Error(), text) {
				t.Error("the error repeats the text")
			}
		})
	}
}

// fakeGetter answers with what it is set to and counts.
type fakeGetter struct {
	mu    sync.Mutex
	text  string
	err   error
	calls atomic.Int32
	block chan struct{} // if not nil, calls wait for it
}

func (g *fakeGetter) Get(ctx context.Context, _ string) (string, error) {
	g.calls.Add(1)
	if g.block != nil {
		<-g.block
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.text, g.err
}

func (g *fakeGetter) set(text string, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.text, g.err = text, err
}

type clock struct{ atomic.Int64 }

func (c *clock) now() time.Time { return time.UnixMilli(1_790_000_000_000 + c.Load()) }

func TestParameterIsReadOnceForAll(t *testing.T) {
	r := newRing(t, secret.Signing)
	g := &fakeGetter{text: r.Encode(), block: make(chan struct{})}
	p := secret.NewParameter(g, "/stack/stamp", new(clock).now)
	p.Prefetch()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if k, err := p.Current(t.Context()); err != nil || k != r.Current() {
				t.Errorf("got another key, error %v", err)
			}
		})
	}
	close(g.block)
	all.Wait()
	if n := g.calls.Load(); n != 1 {
		t.Errorf("%d reads, want 1", n)
	}
}

func TestParameterFailsUntilItWasRead(t *testing.T) {
	g := &fakeGetter{err: errors.New("throttled")}
	p := secret.NewParameter(g, "/stack/stamp", new(clock).now)
	if _, err := p.Ring(t.Context()); err == nil || !strings.Contains(err.Error(), "/stack/stamp") {
		t.Errorf("error is %v, want one that names the parameter", err)
	}
	g.set(newRing(t, secret.Signing).Encode(), nil)
	if _, err := p.Ring(t.Context()); err != nil {
		t.Errorf("after the fault: %v", err)
	}
}

func TestParameterWaitsNoLongerThanItsCaller(t *testing.T) {
	g := &fakeGetter{block: make(chan struct{})}
	defer close(g.block)
	p := secret.NewParameter(g, "/stack/stamp", new(clock).now)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Ring(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("error is %v, want %v", err, context.Canceled)
	}
}

func TestParameterRefreshes(t *testing.T) {
	var c clock
	r0 := newRing(t, secret.Signing)
	r1 := r0.Rotate(1)
	g := &fakeGetter{text: r0.Encode()}
	p := secret.NewParameter(g, "/stack/stamp", c.now)
	if _, err := p.Ring(t.Context()); err != nil {
		t.Fatal(err)
	}
	g.set(r1.Encode(), nil)
	if r, err := p.Refreshed(t.Context()); err != nil || r.Rotation() != 0 || g.calls.Load() != 1 {
		t.Errorf("an unknown key was looked up within 30 s: rotation %d, %d reads, error %v", r.Rotation(), g.calls.Load(), err)
	}
	c.Add(31_000)
	if r, err := p.Refreshed(t.Context()); err != nil || r.Rotation() != 1 {
		t.Errorf("after 30 s: rotation %d, error %v; want 1", r.Rotation(), err)
	}
	g.set("", errors.New("outage"))
	c.Add(3_600_000)
	before := g.calls.Load()
	for range 3 {
		if r, err := p.Refreshed(t.Context()); err != nil || r.Rotation() != 1 {
			t.Errorf("in an outage: rotation %d, error %v; want the last good one", r.Rotation(), err)
		}
	}
	if n := g.calls.Load() - before; n != 1 {
		t.Errorf("%d reads within 30 s of an outage, want 1", n)
	}
	if r, err := p.Ring(t.Context()); err != nil || r.Rotation() != 1 {
		t.Errorf("in an outage: rotation %d, error %v; want the last good one", r.Rotation(), err)
	}
}

func TestTextParameter(t *testing.T) {
	g := &fakeGetter{err: errors.New("ParameterNotFound")}
	var c clock
	p := secret.NewTextParameter(g, "/stack/vendor", c.now)
	if _, err := p.Text(t.Context()); err == nil || !strings.Contains(err.Error(), "/stack/vendor") {
		t.Errorf("error is %v, want one that names the parameter", err)
	}
	for name, content := range map[string]string{"nothing": "", "white space": " \n", "two lines": "one\ntwo"} {
		g.set(content, nil)
		if text, err := p.Text(t.Context()); err == nil || text != (secret.Text{}) || !strings.Contains(err.Error(), "/stack/vendor") {
			t.Errorf("of %s: text %q, error %v", name, text.Reveal(), err)
		}
	}
	g.set("first\n", nil)
	if text, err := p.Text(t.Context()); err != nil || text.Reveal() != "first" {
		t.Errorf("text is %q, error %v", text.Reveal(), err)
	}
	g.set("", errors.New("outage"))
	c.Add(3_600_000)
	if text, err := p.Text(t.Context()); err != nil || text.Reveal() != "first" {
		t.Errorf("in an outage: text %q, error %v; want the last good one", text.Reveal(), err)
	}
}
