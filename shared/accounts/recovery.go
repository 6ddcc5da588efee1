package accounts

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/proof"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/recovery"
	"github.com/cognito-passkeys/cognito-passkeys/shared/audit"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/mailbox"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/notice"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/sent"
	"github.com/cognito-passkeys/cognito-passkeys/shared/method/ticket"
	"github.com/cognito-passkeys/cognito-passkeys/shared/metrics"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Recovery lets users back in who have lost all their passkeys: by proof of their
// e-mail address, a delay and proof again, or by an operator's one-time link. Every
// field is required.
type Recovery struct {
	Clients Clients
	Pool    Pool
	Proofs  proof.Desk
	Links   sent.Book
	Desk    recovery.Desk
	Tickets ticket.Signer
	Notices *notice.Teller
	Now     func() time.Time
}

// Routes implements Journey.
func (r Recovery) Routes() map[routes.Route]httpapi.Serve {
	return map[routes.Route]httpapi.Serve{
		routes.Recovery: r.ask, routes.CompleteRecovery: r.complete, routes.RecoveryLink: r.redeem,
	}
}

type recoveryRequest struct {
	ClientID string `json:"clientId"`
	Email    string `json:"email"`
	Locale   string `json:"locale"` // of the letter to a user who has chosen none, such as "de-CH"
}

type recoveryReply struct {
	RecoveryID string `json:"recoveryId"`
}

// withheldUser is why no code was mailed: nobody may recover by the address.
const withheldUser = "no_such_user"

// ask mails a code to the address, if a user may recover by it. The reply is the
// same if none may, and takes as long.
func (r Recovery) ask(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	started := r.Now()
	var request recoveryRequest
	if err := httpapi.Decode(c.Body, &request); err != nil {
		return httpapi.Reply{}, err
	}
	if err := r.Clients.check(request.ClientID); err != nil {
		return httpapi.Reply{}, err
	}
	user, err := r.find(ctx, request.Email)
	if err != nil && !errors.Is(err, ErrNobody) {
		return httpapi.Reply{}, err
	}
	ask := proof.Request{
		Claim: recoveryClaim(request.ClientID, request.Email, user), Sub: user.Sub, SourceIP: c.SourceIP,
		Locale: request.Locale, Started: started,
	}
	if locale := user.Attributes[attributeLocale]; locale != "" {
		ask.Locale = locale
	}
	if user.Sub == "" {
		ask.Withheld = withheldUser
	}
	asked := r.Proofs.Ask(ctx, ask)
	noteAsked(c.Record, asked)
	return httpapi.Reply{Status: http.StatusAccepted, Body: recoveryReply{asked.ID}}, nil
}

// recoveryClaim is what the code proves: that the address is the user's.
func recoveryClaim(clientID, address string, user User) proof.Claim {
	return proof.Claim{Purpose: mail.KindRecovery, Address: address, ClientID: clientID, Subject: user.Sub}
}

// find returns the one user who may recover by an address, or ErrNobody. Cognito
// may compare addresses byte by byte, so one that was typed in another case is
// looked for again as most are written.
func (r Recovery) find(ctx context.Context, address string) (User, error) {
	for _, spelled := range slices.Compact([]string{address, mailbox.Fold(address)}) {
		users, err := r.Pool.FindByEmail(ctx, spelled)
		if err != nil {
			return User{}, fmt.Errorf("looking for the user of an address: %w", err)
		}
		users = slices.DeleteFunc(users, func(u User) bool {
			return !mayRecover(u) || mailbox.Fold(u.Attributes[attributeEmail]) != mailbox.Fold(address)
		})
		if len(users) == 1 {
			return users[0], nil
		}
	}
	return User{}, ErrNobody
}

// mayRecover reports whether a user of the pool's own has a verified address.
func mayRecover(u User) bool {
	return u.Enabled && u.Attributes[attributeVerified] == "true" && u.Status != StatusUnconfirmed && u.Status != StatusExternal
}

type completeRecoveryRequest struct {
	ClientID   string `json:"clientId"`
	RecoveryID string `json:"recoveryId"`
	Email      string `json:"email"`
	Code       string `json:"code"`
}

// What has become of a recovery.
const (
	statusWaiting   = "waiting"
	statusRecovered = "recovered"
)

type waitingReply struct {
	Status string    `json:"status"`
	From   time.Time `json:"from"` // when another code completes the recovery
}

type recoveredReply struct {
	Status   string `json:"status"`
	UserName string `json:"username"`
	Ticket   string `json:"ticket"` // answers the custom challenge of the user, once, within a minute
}

// complete takes a code. The first that is right begins the delay, and one after it
// lets the user in.
func (r Recovery) complete(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	started := r.Now()
	var request completeRecoveryRequest
	if err := httpapi.Decode(c.Body, &request); err != nil {
		return httpapi.Reply{}, err
	}
	if err := r.Clients.check(request.ClientID); err != nil {
		return httpapi.Reply{}, err
	}
	user, err := r.find(ctx, request.Email)
	if err != nil && !errors.Is(err, ErrNobody) {
		return httpapi.Reply{}, err
	}
	verdict, err := r.Proofs.Redeem(ctx, proof.Attempt{
		Claim: recoveryClaim(request.ClientID, request.Email, user), ID: request.RecoveryID, Code: request.Code, Started: started,
	})
	if err != nil {
		return httpapi.Reply{}, err
	}
	if !verdict.Correct {
		return httpapi.Reply{}, fmt.Errorf("%w (%s)", errCode, verdict.Reason)
	}
	call := recoveryCall{c, user, request.ClientID, customauth.MethodCode, request.RecoveryID}
	outcome, err := r.Desk.Prove(ctx, recovery.User{Sub: user.Sub, Name: user.Name})
	call.removed(outcome)
	if err != nil {
		return httpapi.Reply{}, err
	}
	if outcome.Recovered {
		return r.letIn(ctx, call)
	}
	if outcome.Noted {
		call.audit(audit.RecoveryBegun)
		r.tell(ctx, call, mail.Letter{Kind: mail.KindRecoveryAsked, When: outcome.From})
	}
	return httpapi.Reply{Status: http.StatusOK, Body: waitingReply{statusWaiting, outcome.From.UTC()}}, nil
}

type linkRequest struct {
	ClientID string `json:"clientId"`
	Token    string `json:"token"`
	Attempt  string `json:"attempt"` // random text of the caller's own; empty: the call can't be repeated
}

// maxAttempt bounds an attempt, in bytes.
const maxAttempt = 64

// redeem takes the token of an operator's one-time link. Whoever sent it first may
// send it again for a while, because a reply can get lost; the attempt tells that
// caller from everybody else who has the link.
func (r Recovery) redeem(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	started := r.Now()
	var request linkRequest
	if err := httpapi.Decode(c.Body, &request); err != nil {
		return httpapi.Reply{}, err
	}
	if err := r.Clients.check(request.ClientID); err != nil {
		return httpapi.Reply{}, err
	}
	if len(request.Attempt) > maxAttempt {
		return httpapi.Reply{}, httpapi.ErrMalformed
	}
	sub, stored, isToken := recovery.ReadLink(request.Token)
	if !isToken {
		return httpapi.Reply{}, errLink
	}
	verdict, err := r.Links.Check(ctx, customauth.Answer{
		User: customauth.User{ClientID: request.ClientID, Sub: sub}, Text: request.Token, Started: started,
		Sealed: customauth.Sealed{Challenge: []byte(cmp.Or(request.Attempt, rand.Text()))},
	}, sent.Claim{
		Method: customauth.MethodAccount, SortKey: table.RecoveryLinkSK, Token: stored, Right: true,
		Refuse: func(credentials.Mailing) string { return "" },
	})
	if err != nil {
		return httpapi.Reply{}, err
	}
	if !verdict.Correct {
		return httpapi.Reply{}, fmt.Errorf("%w (%s)", errLink, verdict.Reason)
	}
	user, err := r.Pool.FindBySub(ctx, sub)
	if errors.Is(err, ErrNobody) {
		return httpapi.Reply{}, errLink
	}
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("looking for the user of a link: %w", err)
	}
	call := recoveryCall{c, user, request.ClientID, customauth.MethodLink, table.Hash(stored)}
	outcome, err := r.Desk.Recover(ctx, recovery.User{Sub: sub, Name: user.Name})
	call.removed(outcome)
	if err != nil {
		return httpapi.Reply{}, err
	}
	return r.letIn(ctx, call)
}

// methodRecovery is how a user was authenticated who has a ticket ("amr").
const methodRecovery = "recovery"

// recoveryCall is a call of somebody who proved to be a user.
type recoveryCall struct {
	httpapi.Call
	user     User
	clientID string
	method   string // by which it was proved
	proof    string // tells it from every other proof
}

func (c recoveryCall) audit(event audit.Type) {
	c.Record.Audit(audit.Event{Type: event, Sub: c.user.Sub, ClientID: c.clientID, Method: c.method})
}

// removed tells of the passkeys that are gone, also where the recovery then failed.
func (c recoveryCall) removed(outcome recovery.Outcome) {
	for _, passkey := range outcome.Removed {
		c.Record.Audit(audit.Event{Type: audit.Removed, Sub: c.user.Sub, ClientID: c.clientID, Passkey: passkey})
	}
	if n := len(outcome.Removed); n > 0 {
		c.Record.Count(metrics.Removals, n)
	}
}

// tell mails the user what happened.
func (r Recovery) tell(ctx context.Context, c recoveryCall, letter mail.Letter) {
	letter.Time = r.Now()
	r.Notices.Tell(ctx, c.Record, notice.OwnerOf(c.user.Attributes), c.proof, letter)
}

// letIn gives a user who recovered what signs in.
func (r Recovery) letIn(ctx context.Context, c recoveryCall) (httpapi.Reply, error) {
	c.audit(audit.Recovered)
	r.tell(ctx, c, mail.Letter{Kind: mail.KindRecovered})
	signed, err := r.Tickets.Sign(ctx, ticket.Grant{ClientID: c.clientID, Sub: c.user.Sub, Methods: []string{methodRecovery}})
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("signing the ticket: %w", err)
	}
	return httpapi.Reply{Status: http.StatusOK, Body: recoveredReply{statusRecovered, c.user.Name, signed}}, nil
}
