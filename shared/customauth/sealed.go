package customauth

import (
	"encoding/base64"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Sealed is what Create decided for one round. It travels in the private
// challenge parameters, which Cognito keeps from the client.
type Sealed struct {
	Challenge        []byte
	Issued           time.Time // milliseconds
	Expires          time.Time // milliseconds
	RelyingPartyID   string
	UserVerification string
	Fallback         string   // method that the round was opened for; empty in the first round
	Accepted         []string // methods, after policy

	Private map[string]string // what the method's own Issuer left for its Checker: key → value
}

// Accepts reports whether policy allowed the method when the round was opened.
func (s Sealed) Accepts(method string) bool { return slices.Contains(s.Accepted, method) }

const (
	sealedVersion = "1"

	keyVersion          = "v"
	keyChallenge        = "c"
	keyIssued           = "a"
	keyExpires          = "x"
	keyRelyingParty     = "rp"
	keyUserVerification = "uv"
	keyFallback         = "f" // not in the first round
	keyAccepted         = "acc"
)

func (s Sealed) parameters() map[string]string {
	parameters := map[string]string{
		keyVersion:          sealedVersion,
		keyChallenge:        base64.RawURLEncoding.EncodeToString(s.Challenge),
		keyIssued:           strconv.FormatInt(s.Issued.UnixMilli(), 10),
		keyExpires:          strconv.FormatInt(s.Expires.UnixMilli(), 10),
		keyRelyingParty:     s.RelyingPartyID,
		keyUserVerification: s.UserVerification,
		keyAccepted:         strings.Join(s.Accepted, ","),
	}
	if s.Fallback != "" {
		parameters[keyFallback] = s.Fallback
	}
	return parameters
}

// privateKey is where a private value of a method stands. No key of Sealed's own
// has a dot.
func privateKey(method, key string) string { return method + "." + key }

// privateOf returns a method's own values among private challenge parameters.
func privateOf(method string, private map[string]string) map[string]string {
	own := map[string]string{} // key → value
	for key, value := range private {
		if key, ok := strings.CutPrefix(key, privateKey(method, "")); ok {
			own[key] = value
		}
	}
	return own
}

// openSealed reads private challenge parameters. Anything that parameters did
// not write, such as none because Create never ran, is not ok.
func openSealed(private map[string]string) (Sealed, bool) {
	challenge, err := base64.RawURLEncoding.DecodeString(private[keyChallenge])
	issued, err1 := strconv.ParseInt(private[keyIssued], 10, 64)
	expires, err2 := strconv.ParseInt(private[keyExpires], 10, 64)
	if private[keyVersion] != sealedVersion || err != nil || err1 != nil || err2 != nil || len(challenge) != challengeLength {
		return Sealed{}, false
	}
	s := Sealed{
		Challenge:        challenge,
		Issued:           time.UnixMilli(issued),
		Expires:          time.UnixMilli(expires),
		RelyingPartyID:   private[keyRelyingParty],
		UserVerification: private[keyUserVerification],
		Fallback:         private[keyFallback],
	}
	if accepted := private[keyAccepted]; accepted != "" {
		s.Accepted = strings.Split(accepted, ",")
	}
	return s, true
}
