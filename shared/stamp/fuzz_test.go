package stamp_test

import (
	"bytes"
	"testing"

	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
	"github.com/cognito-passkeys/cognito-passkeys/shared/stamp"
)

// FuzzCheck: nothing is accepted but what was issued, in the scope it was issued for.
func FuzzCheck(f *testing.F) {
	r, err := secret.NewRing(secret.Signing, 0)
	if err != nil {
		f.Fatal(err)
	}
	v, err := stamp.NewVerifier(r.PublicKeys())
	if err != nil {
		f.Fatal(err)
	}
	good := stamp.Issue(r.Current(), scope, now)
	f.Add(good, scope.PoolID, scope.RelyingPartyID, []byte(nil))
	f.Add(good[:91], scope.PoolID+scope.RelyingPartyID, "", []byte{0})
	f.Fuzz(func(t *testing.T, challenge []byte, pool, relyingParty string, context []byte) {
		issued, ok := v.Check(challenge, stamp.Scope{Purpose: stamp.SignIn, PoolID: pool, RelyingPartyID: relyingParty, Context: context})
		same := bytes.Equal(challenge, good) && pool == scope.PoolID && relyingParty == scope.RelyingPartyID && len(context) == 0
		if ok != same || ok != issued.Equal(now) {
			t.Errorf("accepted: %t, issued %v", ok, issued)
		}
	})
}
