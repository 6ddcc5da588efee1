package userpool

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"maps"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// session is a sign-in under way: what a Session string (or, for SRP, a SECRET_BLOCK) stands for. It lives on the
// server, awaits the answer to one challenge and is gone once that answer was judged.
type session struct {
	client    *client
	challenge string // the name of the challenge it awaits an answer to
	typed     string // the USERNAME that started it
	userName  string // the user's, or a made-up one
	sub       string // the user's: a name may be given to somebody else meanwhile
	notFound  bool
	tries     int // wrong answers that left it alive
	expiry    time.Time

	custom  bool // the triggers decide
	rounds  []*events.CognitoEventUserPoolsChallengeResult
	secret  map[string]string // privateChallengeParameters of the round under way
	remark  string            // challengeMetadata of the round under way
	srp     *srpExchange
	nonce   []byte // that a passkey is to sign
	fromNew bool   // the user has just chosen a new password
}

// newSession starts a sign-in for a typed name; u is nil for a user that doesn't exist.
func (p *Pool) newSession(cl *client, typed string, u *user) *session {
	s := &session{client: cl, typed: typed, notFound: u == nil}
	if u == nil {
		s.userName = p.decoyName(typed)
	} else {
		s.userName, s.sub = u.Username, u.Attributes[attrSub]
	}
	return s
}

// await keeps a session until its answer comes, under a new unguessable name.
func (p *Pool) await(s *session, challenge string) (id string) {
	now := p.now()
	maps.DeleteFunc(p.sessions, func(_ string, s *session) bool { return now.After(s.expiry) })
	id = base64.StdEncoding.EncodeToString(randomBytes(48))
	s.challenge = challenge
	s.expiry = now.Add(s.client.sessions)
	p.sessions[id] = s
	return id
}

// take removes a session from those waiting, so that no second answer finds it.
func (p *Pool) take(cl *client, id, challenge string) (*session, error) {
	s := p.sessions[id]
	delete(p.sessions, id)
	switch {
	case s == nil:
		return nil, fail(notAuthorized, "Invalid session for the user, session can only be used once.")
	case p.now().After(s.expiry):
		return nil, fail(notAuthorized, "Invalid session for the user, session is expired.")
	case s.client != cl || s.challenge != challenge:
		return nil, fail(notAuthorized, "Invalid session for the user.")
	}
	return s, nil
}

// putBack lets an answer be given again, after one that was merely mistyped; not without end.
func (p *Pool) putBack(id string, s *session) {
	if s.tries++; s.tries < maxTries {
		p.sessions[id] = s
	}
}

// userOf returns the session's user, nil for one that doesn't exist, and an error for one that may not go on.
func (p *Pool) userOf(s *session) (*user, error) {
	if s.notFound {
		return nil, nil
	}
	u := p.Users[s.userName]
	switch {
	case u == nil || u.Attributes[attrSub] != s.sub:
		return nil, errIncorrect()
	case !u.Enabled:
		return nil, errDisabled()
	}
	return u, nil
}

// named reports whether a USERNAME in an answer means the session's user.
func (p *Pool) named(s *session, name string) bool {
	if folded := p.fold(name); folded == p.fold(s.typed) || folded == s.userName {
		return true
	}
	u := p.find(name)
	return u != nil && !s.notFound && u.Username == s.userName
}

// clientFor returns an app client, once the caller has shown its secret if it has one.
func (p *Pool) clientFor(id, secretHash, username string) (*client, error) {
	cl := p.clients[id]
	if cl == nil {
		return nil, errNoSuchClient(id)
	}
	switch {
	case !cl.hasSecret && secretHash == "":
		return cl, nil
	case !cl.hasSecret:
		return nil, fail(notAuthorized, "Client %s has no secret but SECRET_HASH was received", id)
	case secretHash == "":
		return nil, fail(notAuthorized, "Client %s is configured with secret but SECRET_HASH was not received", id)
	case !hmac.Equal([]byte(secretHash), []byte(p.secretHash(cl, username))):
		return nil, fail(notAuthorized, "SecretHash does not match for the client: %s", id)
	}
	return cl, nil
}

// secretHash is base64(HMAC-SHA256(client secret, user name ‖ client id)).
func (p *Pool) secretHash(cl *client, username string) string {
	mac := hmac.New(sha256.New, []byte(p.Secrets[cl.id]))
	mac.Write([]byte(username + cl.id))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}
