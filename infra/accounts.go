package main

import (
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/passkeys"
)

// Values of "signUp".
const (
	signUpCognito      = "cognito"
	signUpPasskeyFirst = "passkey-first"
	signUpKnown        = "known"
)

// accounts is what the context says of accounts.
type accounts struct {
	signUp        string
	roster        passkeys.SignUp // what it says of the roster
	recovers      bool
	recoveryDelay *time.Duration
	keepsPasskeys bool
}

// addTo completes props, or notes settings that say something of what is off.
func (a accounts) addTo(r *reader, props *passkeys.Props) {
	if a.signUp == signUpPasskeyFirst || a.signUp == signUpKnown {
		roster := a.roster
		roster.KnownOnly = a.signUp == signUpKnown
		props.SignUp = &roster
	} else if a.roster != (passkeys.SignUp{}) {
		r.add("rosterRotation or rosterParameter", "set", "set signUp to known too, or leave it out")
	}
	if a.recovers {
		props.Recovery = &passkeys.Recovery{Delay: a.recoveryDelay, KeepPasskeys: a.keepsPasskeys}
	} else if a.recoveryDelay != nil || a.keepsPasskeys {
		r.add("recoveryDelay or recoveryKeepsPasskeys", "set", "set recovery too, or leave it out")
	}
}

// signUpOf is the value of "signUp" that a construct has.
func signUpOf(p *passkeys.Passkeys) string {
	switch signUp := p.SignUp(); {
	case signUp == nil:
		return signUpCognito
	case signUp.KnownOnly:
		return signUpKnown
	default:
		return signUpPasskeyFirst
	}
}
