package stamp_test

import (
	"testing"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/stamp"
)

var (
	now   = time.UnixMilli(1_790_000_000_123)
	scope = stamp.Scope{Purpose: stamp.SignIn, PoolID: "us-east-1_pool", RelyingPartyID: "example.com"}
)

func ring(t *testing.T) secret.Ring {
	t.Helper()
	r, err := secret.NewRing(secret.Signing, 0)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func verifier(t *testing.T, r secret.Ring) stamp.Verifier {
	t.Helper()
	v, err := stamp.NewVerifier(r.PublicKeys())
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestStampTellsWhenItWasIssued(t *testing.T) {
	r := ring(t)
	s := stamp.Issue(r.Current(), scope, now)
	issued, ok := verifier(t, r).Check(s, scope)
	if !ok || !issued.Equal(now) {
		t.Errorf("issued %v, %t; want %v", issued, ok, now)
	}
	if len(s) != 92 {
		t.Errorf("a stamp has %d bytes, want 92", len(s))
	}
	if string(s) == string(stamp.Issue(r.Current(), scope, now)) {
		t.Error("two stamps of one moment are equal")
	}
}

func TestStampIsWorthNothingElsewhere(t *testing.T) {
	r := ring(t)
	s := stamp.Issue(r.Current(), scope, now)
	for name, other := range map[string]stamp.Scope{
		"rejects another purpose":       {Purpose: 'u', PoolID: scope.PoolID, RelyingPartyID: scope.RelyingPartyID},
		"rejects another pool":          {Purpose: stamp.SignIn, PoolID: "us-east-1_other", RelyingPartyID: scope.RelyingPartyID},
		"rejects another relying party": {Purpose: stamp.SignIn, PoolID: scope.PoolID, RelyingPartyID: "example.org"},
		"rejects another context":       {Purpose: stamp.SignIn, PoolID: scope.PoolID, RelyingPartyID: scope.RelyingPartyID, Context: []byte("x")},
		"rejects parts cut elsewhere":   {Purpose: stamp.SignIn, PoolID: scope.PoolID + "e", RelyingPartyID: scope.RelyingPartyID[1:]},
	} {
		t.Run(name, func(t *testing.T) {
			if _, ok := verifier(t, r).Check(s, other); ok {
				t.Error("accepted")
			}
		})
	}
}

func TestStampRejectsEveryChangedByte(t *testing.T) {
	r := ring(t)
	v := verifier(t, r)
	s := stamp.Issue(r.Current(), scope, now)
	for i := range s {
		for bit := range 8 {
			changed := append([]byte(nil), s...)
			changed[i] ^= 1 << bit
			if _, ok := v.Check(changed, scope); ok {
				t.Fatalf("accepted with bit %d of byte %d changed", bit, i)
			}
		}
	}
	for n := range s {
		if _, ok := v.Check(s[:n], scope); ok {
			t.Fatalf("accepted when cut to %d bytes", n)
		}
	}
	if _, ok := v.Check(append(s, 0), scope); ok {
		t.Fatal("accepted with a byte too many")
	}
}

// A stamp outlives one rotation, and is known before the first.
func TestStampOverRotations(t *testing.T) {
	r0 := ring(t)
	r1 := r0.Rotate(1)
	r2 := r1.Rotate(2)
	old, next := stamp.Issue(r0.Current(), scope, now), stamp.Issue(r1.Current(), scope, now)
	for _, c := range []struct {
		name  string
		ring  secret.Ring
		stamp []byte
		want  bool
	}{
		{"the next key's stamp before the rotation", r0, next, true},
		{"the previous key's stamp after the rotation", r1, old, true},
		{"the previous key's stamp after two rotations", r2, old, false},
		{"a stranger's stamp", ring(t), old, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			if _, ok := verifier(t, c.ring).Check(c.stamp, scope); ok != c.want {
				t.Errorf("accepted: %t, want %t", ok, c.want)
			}
		})
	}
}

func TestVerifierRefusesWhatIsNoKey(t *testing.T) {
	for _, text := range []string{"", "short", "====", "AAAA"} {
		if _, err := stamp.NewVerifier([]string{text}); err == nil {
			t.Errorf("accepted the key %q", text)
		}
	}
}

func BenchmarkCheck(b *testing.B) {
	r, err := secret.NewRing(secret.Signing, 0)
	if err != nil {
		b.Fatal(err)
	}
	v, err := stamp.NewVerifier(r.PublicKeys())
	if err != nil {
		b.Fatal(err)
	}
	s := stamp.Issue(r.Current(), scope, now)
	for b.Loop() {
		v.Check(s, scope)
	}
}
