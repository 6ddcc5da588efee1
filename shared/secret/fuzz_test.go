package secret_test

import (
	"errors"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// FuzzDecode: what is accepted is a ring that can be used, and reads the same
// again from its own text; everything else is ErrRing.
func FuzzDecode(f *testing.F) {
	for _, kind := range []secret.Kind{secret.Signing, secret.Symmetric} {
		r, err := secret.NewRing(kind, 0)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(r.Encode())
		f.Add(r.Rotate(1).Encode())
	}
	f.Add(`{"kind":"ed25519","keys":["AA","AA"]}`)
	f.Fuzz(func(t *testing.T, text string) {
		r, err := secret.Decode(text)
		if err != nil {
			if !errors.Is(err, secret.ErrRing) {
				t.Errorf("error is %v, want %v", err, secret.ErrRing)
			}
			return
		}
		again, err := secret.Decode(r.Encode())
		if err != nil || again.Encode() != r.Encode() {
			t.Errorf("its own text reads as another ring, error %v", err)
		}
		if n := len(r.PublicKeys()); (r.Kind() == secret.Signing) != (n > 0) {
			t.Errorf("a %s ring has %d public keys", r.Kind(), n)
		}
		if r.Rotate(r.Rotation()+1).Current() == r.Current() && r.Kind() == secret.Symmetric {
			t.Error("a rotation kept the key")
		}
	})
}
