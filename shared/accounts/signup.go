package accounts

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/proof"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/mailbox"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
)

// CreatedBySignUp is the value of the marker attribute of users who signed up here.
const CreatedBySignUp = "sign-up"

// SignUp creates accounts without a password for who proves an e-mail address, and
// hands out a ticket with which the new user is signed in at once. There is no
// user before the address is proved, so that nothing can be registered in
// somebody else's name. Every field is required but NamedUsers and Known.
type SignUp struct {
	Clients    Clients
	Pool       Pool
	Proofs     proof.Desk
	Tickets    Tickets
	Marker     string // attribute that says who created a user, with "custom:"
	NamedUsers bool   // users have names of their own, and addresses as aliases; otherwise the address is the name
	Known      *Known // who may sign up; nil: everybody
	Now        func() time.Time
}

// Routes implements Journey.
func (s SignUp) Routes() map[routes.Route]httpapi.Serve {
	served := map[routes.Route]httpapi.Serve{routes.SignUp: s.ask, routes.CompleteSignUp: s.complete}
	if s.Known != nil && s.Known.Tickets != nil {
		served[routes.SignUpTicket] = s.ticket
	}
	return served
}

type signUpRequest struct {
	ClientID      string `json:"clientId"`
	Email         string `json:"email"`
	Locale        string `json:"locale"`        // language of the mail, such as "de-CH"; empty: the stack's own
	AccountNumber string `json:"accountNumber"` // where only known people may sign up
}

type signUpReply struct {
	SignUpID string `json:"signUpId"`
}

// locale is what a language is written as, in BCP 47 or as Cognito's users have it.
var locale = regexp.MustCompile(`^([A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8}){0,3})?$`)

// ask begins a sign-up with a code by mail. Nothing is looked up, so that neither
// the reply nor its time can tell who has an account: that is told to who proves
// the address.
func (s SignUp) ask(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	started := s.Now()
	var request signUpRequest
	if err := httpapi.Decode(c.Body, &request); err != nil {
		return httpapi.Reply{}, err
	}
	if err := s.Clients.check(request.ClientID); err != nil {
		return httpapi.Reply{}, err
	}
	if !mailbox.IsAddress(request.Email) {
		return httpapi.Reply{}, errAddress
	}
	if !locale.MatchString(request.Locale) {
		return httpapi.Reply{}, httpapi.ErrMalformed
	}
	id, err := s.Known.identify(request.AccountNumber, request.Email)
	if err != nil {
		return httpapi.Reply{}, err
	}
	question := proof.Request{
		Claim: signUpClaim(request.ClientID, request.Email, id), SourceIP: c.SourceIP, Locale: request.Locale, Started: started,
	}
	s.Known.restrict(&question, id)
	asked := s.Proofs.Ask(ctx, question)
	noteAsked(c.Record, asked)
	return httpapi.Reply{Status: http.StatusAccepted, Body: signUpReply{asked.ID}}, nil
}

func signUpClaim(clientID, address string, id roster.Identity) proof.Claim {
	return proof.Claim{Purpose: mail.KindSignUp, Address: address, ClientID: clientID, Subject: id.Number()}
}

type completeSignUpRequest struct {
	ClientID string `json:"clientId"`
	SignUpID string `json:"signUpId"`
	Email    string `json:"email"`
	Code     string `json:"code"`
	Locale   string `json:"locale"` // of the account; empty for none

	AccountNumber string `json:"accountNumber"` // where only known people may sign up
}

// complete makes the account of whoever has the code. Each step may be the last
// that is done: the same request again goes on after it, and so does the next
// sign-up of the same address.
func (s SignUp) complete(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	var request completeSignUpRequest
	if err := httpapi.Decode(c.Body, &request); err != nil {
		return httpapi.Reply{}, err
	}
	id, err := s.prove(ctx, request)
	if err != nil {
		return httpapi.Reply{}, err
	}
	place, err := s.Known.reserve(ctx, id, request.SignUpID, s.Proofs.User)
	if err != nil {
		return httpapi.Reply{}, err
	}
	user, err := s.account(ctx, request)
	if err != nil {
		return httpapi.Reply{}, err
	}
	if err := s.Known.claim(ctx, place, user.Sub); err != nil {
		return httpapi.Reply{}, err
	}
	reply, err := ticketFor(ctx, s.Tickets, request.ClientID, user)
	if err != nil {
		return httpapi.Reply{}, err
	}
	return httpapi.Reply{Status: http.StatusCreated, Body: reply}, nil
}

// prove returns who has the code.
func (s SignUp) prove(ctx context.Context, request completeSignUpRequest) (id roster.Identity, err error) {
	started := s.Now()
	if err := s.Clients.check(request.ClientID); err != nil {
		return id, err
	}
	if !locale.MatchString(request.Locale) {
		return id, httpapi.ErrMalformed
	}
	if id, err = s.Known.identify(request.AccountNumber, request.Email); err != nil {
		return id, err
	}
	verdict, err := s.Proofs.Redeem(ctx, proof.Attempt{
		Claim: signUpClaim(request.ClientID, request.Email, id), ID: request.SignUpID, Code: request.Code, Started: started,
	})
	if err != nil {
		return id, err
	}
	if !verdict.Correct {
		return id, fmt.Errorf("%w (%s)", errCode, verdict.Reason)
	}
	return id, nil
}

// account makes the account of a proved address, or finishes one that was begun.
func (s SignUp) account(ctx context.Context, request completeSignUpRequest) (User, error) {
	user, err := s.create(ctx, request)
	if err != nil {
		return User{}, err
	}
	if err := s.Proofs.Note(ctx, request.SignUpID, user.Sub); err != nil {
		return User{}, err
	}
	if user.Status == StatusIncomplete {
		if err := s.Pool.ScramblePassword(ctx, user.Name); err != nil {
			return User{}, fmt.Errorf("setting a password that nobody knows: %w", err)
		}
	}
	return user, nil
}

// squatters is how many unconfirmed accounts on a proved address make way.
const squatters = 3

// create makes the user, or returns the one that this sign-up, or an earlier one
// of the same address, began.
func (s SignUp) create(ctx context.Context, request completeSignUpRequest) (User, error) {
	fresh := NewUser{Name: request.Email, Attributes: map[string]string{
		attributeEmail: request.Email, attributeVerified: isTrue, s.Marker: CreatedBySignUp,
	}}
	if s.NamedUsers {
		fresh.Name = nameFor(request.SignUpID)
	}
	if request.Locale != "" {
		fresh.Attributes[attributeLocale] = request.Locale
	}
	for range squatters + 1 {
		user, err := s.Pool.Create(ctx, fresh)
		if err == nil {
			return user, nil
		}
		if !errors.Is(err, ErrExists) {
			return User{}, fmt.Errorf("creating the user: %w", err)
		}
		user, err = s.existing(ctx, fresh.Name, request)
		if !errors.Is(err, errSquatter) {
			return user, err
		}
		if err := s.Pool.Delete(ctx, user.Name); err != nil {
			return User{}, fmt.Errorf("deleting a user who never proved the address: %w", err)
		}
	}
	return User{}, errors.New("the address is taken again and again by who doesn't prove it")
}

// errSquatter means that an address is taken by somebody who never proved it.
var errSquatter = errors.New("the user was never confirmed")

// existing returns the user who has the name or the address, if this sign-up made
// it or an earlier one left it behind, with errSquatter if it makes way, or
// ErrExists. Only who proved the address gets here.
func (s SignUp) existing(ctx context.Context, name string, request completeSignUpRequest) (User, error) {
	user, err := s.Pool.Find(ctx, name)
	if errors.Is(err, ErrNobody) && name != request.Email {
		user, err = s.Pool.Find(ctx, request.Email)
	}
	if err != nil {
		return User{}, fmt.Errorf("looking for who has the address: %w", err)
	}
	made, err := s.Proofs.User(ctx, request.SignUpID)
	if err != nil {
		return User{}, err
	}
	verified := user.Attributes[attributeVerified] == isTrue
	switch {
	case !mailbox.Same(user.Attributes[attributeEmail], request.Email), !user.Enabled:
		return User{}, ErrExists
	case user.Status == StatusUnconfirmed && !verified:
		return user, errSquatter
	case verified && user.Sub == made:
		return user, nil
	case verified && user.Status == StatusIncomplete && user.Attributes[s.Marker] == CreatedBySignUp:
		return user, nil
	default:
		return User{}, ErrExists
	}
}

// nameFor is the user name that a sign-up gives: always the same, so that a
// repeated one finds its user, and without meaning.
func nameFor(signUpID string) string {
	sum := sha256.Sum256([]byte("user name of " + signUpID))
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
