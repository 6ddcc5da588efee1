package passkeys

import (
	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/routes"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// The partitions of the roster and of who was let through, as patterns of an IAM
// condition.
var (
	personItems  = table.PersonPK("*")
	arrivalItems = table.ArrivalPK("*")
)

// knowsPeople reports whether only people on the roster may sign up.
func (a AccountProps) knowsPeople() bool { return a.SignUp != nil && a.SignUp.KnownOnly }

// admitsPeople reports whether they may do so at Cognito itself, with a password.
func (a AccountProps) admitsPeople() bool { return a.knowsPeople() && !a.areOut() }

// rosterRoutes are those that only people on the roster use.
func (a AccountProps) rosterRoutes() []routes.Route {
	if !a.admitsPeople() {
		return nil
	}
	return routes.SignUpTickets()
}

// knowPeople makes the pepper of the roster for the accounts function, and tells
// its settings of it.
func (a *Accounts) knowPeople(s *settings.Accounts) {
	if !a.props.knowsPeople() {
		return
	}
	keys, signUp := a.props.Triggers.props.Keys, a.props.SignUp
	a.roster = keys.newKeyRing("RosterKey", "roster", provisioning.KindPepper, signUp.RosterRotation, signUp.RosterKey)
	s.RosterParameter, s.SignUpTickets = a.roster.parameter, a.props.admitsPeople()
}

// letKnow lets the function find people on the roster and record what they do.
func (a *Accounts) letKnow() {
	a.function.allow(a.roster.read...)
	a.function.allow(allowItems(a.props.Table, []string{personItems}, "dynamodb:GetItem", "dynamodb:PutItem")...)
}

// RosterParameter is the name of the SecureString parameter that holds the pepper
// of the roster, for `go run ./infra/admin import-roster`, or "" unless only known
// people may sign up.
func (p *Passkeys) RosterParameter() string {
	if p.accounts == nil {
		return ""
	}
	return p.accounts.roster.parameter
}

// admission is what Pre Sign-up must know of those who may come through. It holds
// no pepper: a ticket says in hashes whom it is for.
func (t *Triggers) admission() settings.PreSignUp {
	if !t.props.admitsPeople() {
		return settings.PreSignUp{}
	}
	return settings.PreSignUp{
		Table: *t.props.Table.TableName(), AccountKeys: []string{t.account.publicKeys()}, NamedUsers: t.props.SignIn == SignInUserName,
	}
}

// admitPeople lets known people come through Cognito's SignUp: Pre Sign-up
// reserves their entries, and Post Confirmation claims them.
func (t *Triggers) admitPeople() {
	if !t.props.admitsPeople() {
		return
	}
	t.preSignUp.allow(allowItems(t.props.Table, []string{personItems}, "dynamodb:GetItem", "dynamodb:PutItem")...)
	t.preSignUp.allow(allowItems(t.props.Table, []string{arrivalItems}, "dynamodb:PutItem")...)
	t.postConfirmation = t.newGate("PostConfirmation", postConfirmationFunction, settings.PostConfirmation{Table: *t.props.Table.TableName()})
	t.postConfirmation.allow(allowItems(t.props.Table, []string{personItems}, "dynamodb:GetItem", "dynamodb:PutItem")...)
	t.postConfirmation.allow(allowItems(t.props.Table, []string{arrivalItems}, "dynamodb:GetItem")...)
}

// roster checks the pepper of the roster.
func (c *check) roster(signUp *SignUp) {
	if signUp == nil {
		return
	}
	if !signUp.KnownOnly {
		c.unset("leave it out, or set SignUp.KnownOnly too",
			property{"SignUp.RosterRotation", signUp.RosterRotation != 0}, property{"SignUp.RosterKey", signUp.RosterKey != nil})
	}
	if signUp.RosterRotation < 0 {
		c.add("SignUp.RosterRotation", signUp.RosterRotation, "start at 0 and increase it by one to rotate")
	}
	c.existingKey("SignUp.RosterKey", signUp.RosterKey)
}
