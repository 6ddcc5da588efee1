package customauth

import (
	"slices"
	"strings"
)

// Entry is one finished round of a session, as Cognito reports it.
type Entry struct {
	Challenge string // Cognito's name of the challenge
	Correct   bool
	Metadata  string
}

// History is all that Define sees. Ask is from the client and decides nothing
// but which fallback is asked for.
type History struct {
	Entries      []Entry
	UserNotFound bool
	Ask          map[string]string // ClientMetadata
}

// Outcome is a decision of Define.
type Outcome int

// The outcomes.
const (
	Fail Outcome = iota // the zero value, so that nothing is granted by omission
	Challenge
	Tokens
)

// Decision is what happens next in a session.
type Decision struct {
	Outcome Outcome
	Method  string // the fallback to challenge with; empty in the first round
	Session string // the session id that earlier rounds carry; empty in the first round
}

// ClientMetadata that the clients of the AWS passwordless sample send.
const (
	askMethod      = "signInMethod"
	askAlreadyHave = "alreadyHaveMagicLink"
	alreadyHaveYes = "yes"
	maxRounds      = 4
)

// askNames: value of signInMethod → method
var askNames = map[string]string{
	"MAGIC_LINK":     MethodLink,
	"EMAIL_CODE":     MethodCode,
	"SMS_OTP":        MethodSMS,
	"SMS_OTP_STEPUP": MethodSMS,
}

// Define decides what comes next in a session. It is pure: it sees only the
// history, and whatever it does not recognise fails.
type Define struct {
	Openers   []string // methods beside the passkey that open a session
	Fallbacks []string // methods that a client may ask for after the first round
}

// opens reports whether a session begins with the method.
func (d Define) opens(method string) bool {
	return method == MethodPasskey || slices.Contains(d.Openers, method)
}

// Decide returns the decision for a history.
func (d Define) Decide(h History) Decision {
	if len(h.Entries) == 0 {
		return Decision{Outcome: Challenge}
	}
	session, methods, ok := d.readEntries(h.Entries)
	if !ok {
		return Decision{}
	}
	last := len(h.Entries) - 1
	if h.Entries[last].Correct {
		if h.UserNotFound {
			return Decision{}
		}
		return Decision{Outcome: Tokens, Session: session}
	}
	if len(h.Entries) >= maxRounds {
		return Decision{}
	}
	if method, ok := d.next(methods, h.Ask); ok {
		return Decision{Outcome: Challenge, Method: method, Session: session}
	}
	return Decision{}
}

// next returns the method of the round that follows wrong answers only. The same
// code may be tried again until there have been maxRounds.
func (d Define) next(methods []string, ask map[string]string) (string, bool) {
	last := methods[len(methods)-1]
	if len(methods) == 1 {
		asked, known := askNames[ask[askMethod]]
		return asked, known && slices.Contains(d.Fallbacks, asked) && ask[askAlreadyHave] != alreadyHaveYes
	}
	return last, last == MethodCode || last == MethodSMS
}

// readEntries reports whether every entry is one that Create made for one and
// the same session, starting with a method that opens one, followed by fallbacks
// and with no correct answer before the last.
func (d Define) readEntries(entries []Entry) (session string, methods []string, ok bool) {
	if len(entries) > maxRounds {
		return "", nil, false
	}
	for i, e := range entries {
		method, sid, ok := parseMetadata(e.Metadata)
		switch {
		case e.Challenge != CustomChallenge, !ok,
			i > 0 && sid != session,
			i == 0 && !d.opens(method),
			i > 0 && !slices.Contains(d.Fallbacks, method),
			e.Correct && i < len(entries)-1:
			return "", nil, false
		}
		session = sid
		methods = append(methods, method)
	}
	return session, methods, true
}

const metadataVersion = "cp1"

// formatMetadata writes the challenge metadata that Define will read.
func formatMetadata(method, session string) string {
	return metadataVersion + ":" + method + ":" + session
}

func parseMetadata(text string) (method, session string, ok bool) {
	parts := strings.Split(text, ":")
	if len(parts) != 3 || parts[0] != metadataVersion || len(parts[2]) != sessionIDLength {
		return "", "", false
	}
	return parts[1], parts[2], true
}

const sessionIDLength = 22 // 16 bytes in unpadded base64url
