package accounts

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/admission"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/proof"
	"github.com/cognito-passkeys/cognito-passkeys/shared/accounts/roster"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/httpapi"
	"github.com/cognito-passkeys/cognito-passkeys/shared/quota"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// Known lets only people sign up who are on the roster, each once. Nobody can tell
// from outside who is, because a code goes only to the address that the roster
// has, and every request for one looks alike. A nil Known lets everybody sign up.
type Known struct {
	Roster roster.Roster
	// Tickets let who wants a password through Cognito's SignUp. Nil: nobody may
	// have one.
	Tickets *admission.Signer
}

// numberTries is how often an account number may be tried, whoever tries it, and
// whatever address goes with it.
var numberTries = credentials.Limit{PerDay: 10}

// identify returns who somebody says to be. The error is a problem.
func (k *Known) identify(number, email string) (roster.Identity, error) {
	if k == nil {
		return roster.Identity{}, nil
	}
	id, err := roster.Identify(number, email)
	var unfit *roster.FieldError
	switch {
	case err == nil:
		return id, nil
	case errors.As(err, &unfit) && unfit.Field == roster.FieldEmail:
		return roster.Identity{}, errAddress
	default:
		return roster.Identity{}, errNumber
	}
}

// restrict has a request mail a code to who is on the roster only, and count
// under the account number, whether or not anybody has it.
func (k *Known) restrict(request *proof.Request, id roster.Identity) {
	if k == nil {
		return
	}
	request.Further = func(key secret.Key) []quota.Count {
		return []quota.Count{quota.NewCount(key, "account number", id.Number(), numberTries)}
	}
	request.Judge = func(ctx context.Context) (string, error) {
		_, standing, err := k.Roster.Find(ctx, id)
		if err != nil || standing == roster.Free {
			return "", err
		}
		return string(standing), nil
	}
}

// reserve reserves the entry of somebody who proved the address, for a sign-up. The
// user whom it has made already, if any, may have claimed the entry. The error is
// a problem, or a fault.
func (k *Known) reserve(ctx context.Context, id roster.Identity, signUpID string, made func(context.Context, string) (string, error)) (credentials.Place, error) {
	if k == nil {
		return credentials.Place{}, nil
	}
	place, standing, err := k.Roster.Find(ctx, id)
	if err == nil && standing == roster.Free {
		standing, err = k.ledger().Reserve(ctx, place, signUpID)
	}
	if err != nil {
		return credentials.Place{}, err
	}
	if standing != roster.Claimed {
		return place, k.problem(standing)
	}
	sub, err := made(ctx, signUpID)
	switch {
	case err != nil:
		return credentials.Place{}, err
	case sub == "":
		return credentials.Place{}, k.problem(standing)
	}
	return place, k.claim(ctx, place, sub)
}

// problem is what somebody who proved the address is told of a standing, or nil.
func (k *Known) problem(standing roster.Standing) error {
	problem := errCode // the roster has changed since the code was mailed
	switch standing {
	case roster.Free:
		return nil
	case roster.Claimed:
		problem = errExists
	case roster.Reserved:
		problem = errUnderWay
	}
	return fmt.Errorf("%w (%s)", problem, standing)
}

// claim claims a reserved entry for the user who was made.
func (k *Known) claim(ctx context.Context, place credentials.Place, sub string) error {
	if k == nil {
		return nil
	}
	standing, err := k.ledger().Claim(ctx, place, sub)
	if err != nil {
		return err
	}
	return k.problem(standing)
}

func (k *Known) ledger() roster.Ledger {
	return roster.Ledger{Store: k.Roster.Store, Now: k.Roster.Now}
}

type signUpTicketRequest struct {
	completeSignUpRequest
	UserName string `json:"username"` // that SignUp will be called with
}

type signUpTicketReply struct {
	Ticket string `json:"ticket"` // for SignUp's ClientMetadata, as admission.MetadataTicket
}

// ticket gives who proved the address what lets them through Cognito's SignUp, with
// a password of their own.
func (s SignUp) ticket(ctx context.Context, c httpapi.Call) (httpapi.Reply, error) {
	var request signUpTicketRequest
	if err := httpapi.Decode(c.Body, &request); err != nil {
		return httpapi.Reply{}, err
	}
	if !s.NamedUsers {
		request.UserName = request.Email
	}
	if request.UserName == "" {
		return httpapi.Reply{}, errUserName
	}
	id, err := s.prove(ctx, request.completeSignUpRequest)
	if err != nil {
		return httpapi.Reply{}, err
	}
	place, standing, err := s.Known.Roster.Find(ctx, id)
	if err != nil {
		return httpapi.Reply{}, err
	}
	if err := s.Known.problem(standing); err != nil {
		return httpapi.Reply{}, err
	}
	text, err := s.Known.Tickets.Sign(ctx, admission.Grant{
		ClientID: request.ClientID, UserName: request.UserName, Email: request.Email, Place: place,
	})
	if err != nil {
		return httpapi.Reply{}, fmt.Errorf("signing the ticket: %w", err)
	}
	return httpapi.Reply{Status: http.StatusOK, Body: signUpTicketReply{text}}, nil
}
