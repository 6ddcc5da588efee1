package passkeys

import (
	"slices"

	"github.com/aws/aws-cdk-go/awscdk/v2/awscognito"
	"github.com/aws/jsii-runtime-go"

	"github.com/cognito-passkeys/cognito-passkeys/shared/provisioning"
	"github.com/cognito-passkeys/cognito-passkeys/shared/settings"
)

// PasswordProps say what becomes of passwords beside passkeys.
type PasswordProps struct {
	// Passwords says how far they are phased out. Each value may follow the one
	// before it, and go back to it. Empty means PasswordsKeep.
	Passwords Passwords

	// PasswordClients are app clients of UserPool that are there for passwords:
	// whoever has a passkey is refused on them. Each must prevent user existence
	// errors and allow neither custom authentication nor choice-based sign-in, on
	// which nothing tells how a user signs in. Empty makes one, with
	// PasswordsSeparate and PasswordsPhaseOut. Only with UserPool and one of these.
	PasswordClients []awscognito.IUserPoolClient
}

// Passwords says how far passwords are phased out.
type Passwords string

// Values of Passwords. All but the first exclude Native, because choice-based
// sign-in takes passwords on every app client that has it.
const (
	// PasswordsKeep keeps them beside passkeys.
	PasswordsKeep Passwords = "keep"
	// PasswordsSeparate adds an app client that is there for passwords, to which
	// pages and apps can move. There, a passkey ends its user's password.
	PasswordsSeparate Passwords = "separate"
	// PasswordsPhaseOut leaves passwords to that app client, and lets nobody sign
	// up with a new one. It takes EmailCode or EmailLink.
	PasswordsPhaseOut Passwords = "phase-out"
	// PasswordsOff leaves no app client with a password, and no recovery that sets
	// one. It takes EmailCode or EmailLink.
	PasswordsOff Passwords = "off"
)

// withDefaults returns a copy of p in which nothing is left to interpret.
func (p PasswordProps) withDefaults() PasswordProps {
	setDefault(&p.Passwords, PasswordsKeep)
	return p
}

// areOut reports whether the app clients that are served take no password.
func (p PasswordProps) areOut() bool {
	return p.Passwords == PasswordsPhaseOut || p.Passwords == PasswordsOff
}

// areApart reports whether there are app clients for passwords.
func (p PasswordProps) areApart() bool {
	return p.Passwords == PasswordsSeparate || p.Passwords == PasswordsPhaseOut
}

// recovery is how Cognito lets a user set a new password: by a verified e-mail
// address only, because phone numbers change hands.
func (p PasswordProps) recovery() awscognito.AccountRecovery {
	if p.Passwords == PasswordsOff {
		return awscognito.AccountRecovery_NONE // "admin_only" in the template
	}
	return awscognito.AccountRecovery_EMAIL_ONLY
}

// addPasswordClients makes the app client that is there for passwords, or takes
// those that there are, and has a passkey end its user's password there.
func (p *Passkeys) addPasswordClients() {
	if !p.props.areApart() {
		return
	}
	p.passwordClients = p.props.PasswordClients
	if len(p.passwordClients) == 0 {
		p.passwordClients = append(p.passwordClients, p.newClient("PasswordClient", &awscognito.UserPoolClientOptions{
			AuthFlows: &awscognito.AuthFlow{UserSrp: jsii.Bool(true)},
		}))
	}
	for _, client := range p.passwordClients {
		p.triggers.EndPasswords(client)
	}
}

// PasswordClient is the app client that is there for passwords: the one that the
// construct made, or else the first of Props.PasswordClients. Without any it is nil.
func (p *Passkeys) PasswordClient() awscognito.IUserPoolClient {
	if len(p.passwordClients) == 0 {
		return nil
	}
	return p.passwordClients[0]
}

// Passwords says how far passwords are phased out.
func (p *Passkeys) Passwords() Passwords { return p.props.Passwords }

// addGates makes the functions that Cognito asks before an account is created
// and before a password is looked at.
func (t *Triggers) addGates() {
	if t.props.asksBeforeSignUp() {
		t.preSignUp = t.newGate("PreSignUp", preSignUpFunction, t.admission())
	}
	t.admitPeople()
	if t.props.areApart() {
		t.preAuthentication = t.newGate("PreAuthentication", preAuthenticationFunction, settings.PreAuthentication{Table: *t.props.Table.TableName()})
		t.preAuthentication.allow(allowItems(t.props.Table, []string{userItems, configItems}, "dynamodb:GetItem")...)
	}
}

func (t *Triggers) newGate(id, directory string, s any) function {
	return t.props.newServing(t, definition{
		id: id, directory: directory, environment: settings.Environ(s), timeout: triggerTimeout, refuses: true,
	})
}

// EndPasswords refuses sign-ins by password on an app client to whoever has a
// passkey. The client must not allow other sign-ins. It panics with an
// *InvalidPropsError if no function is there to refuse them.
func (t *Triggers) EndPasswords(client awscognito.IUserPoolClient) {
	var c check
	if !t.props.areApart() {
		c.add("Passwords", string(t.props.Passwords), "use %q or %q: passwords end on app clients of their own", PasswordsSeparate, PasswordsPhaseOut)
	}
	must(c.err())
	keys := t.props.Keys
	keys.provision.allow(allowItems(t.props.Table, []string{configItems}, "dynamodb:PutItem", "dynamodb:DeleteItem")...)
	keys.newCustomResource(t, "Passwords"+servedID(client), provisioning.PasswordClientType, map[string]any{
		provisioning.TableName:      t.props.Table.TableName(),
		provisioning.ClientID:       client.UserPoolClientId(),
		provisioning.RelyingPartyID: t.props.RelyingPartyID,
	})
}

// passwords checks how far passwords are phased out, and that everybody keeps a way in.
func (c *check) passwords(p Props) {
	if !p.custom() {
		return // nothing heeds it, as withoutEffect says
	}
	oneOf(c, "Passwords", p.Passwords, "", PasswordsKeep, PasswordsSeparate, PasswordsPhaseOut, PasswordsOff)
	if p.areOut() && !p.sends() {
		c.add("Passwords", string(p.Passwords), "set EmailCode or EmailLink too: a user who lost every passkey has no other way back")
	}
	if p.areOut() && p.SelfSignUp != nil && *p.SelfSignUp {
		c.add("SelfSignUp", true, "leave it out: who signs up at Cognito itself chooses a password, which %q refuses", p.Passwords)
	}
	if p.Passwords != "" && p.Passwords != PasswordsKeep && p.Native != nil {
		c.unset("leave it out, or keep Passwords: choice-based sign-in takes passwords on every app client that has it", property{"Native", true})
	}
	switch {
	case len(p.PasswordClients) == 0:
	case p.UserPool == nil:
		c.unset("leave it out, or set UserPool too: it says something of a pool that exists", property{"PasswordClients", true})
	case !p.areApart():
		c.unset("leave it out, or set Passwords to \"separate\" or \"phase-out\"", property{"PasswordClients", true})
	}
	for _, client := range p.PasswordClients {
		if slices.ContainsFunc(p.Clients, func(served awscognito.IUserPoolClient) bool { return isSame(served, client) }) {
			c.add("PasswordClients", *client.Node().Path(), "list it in one of Clients and PasswordClients: a passkey that ends passwords on an app client can't sign in there")
		}
	}
}

// Flows of an app client, as Cognito names them.
const (
	flowCustom = "ALLOW_CUSTOM_AUTH"
	flowChoice = "ALLOW_USER_AUTH"
)

// passwordFlows are those by which a sign-in may use a password.
var passwordFlows = []string{"ALLOW_USER_PASSWORD_AUTH", "ALLOW_USER_SRP_AUTH", "ALLOW_ADMIN_USER_PASSWORD_AUTH", flowChoice}

// passwordClient checks an app client that the app declares and that is there for passwords.
func (c *check) passwordClient(client awscognito.IUserPoolClient, pool awscognito.IUserPool) {
	const property = "PasswordClients"
	flows, declared := c.client(property, client, pool)
	if declared && (len(flows) == 0 || slices.Contains(flows, flowCustom) || slices.Contains(flows, flowChoice)) {
		c.add(property, *client.Node().Path(), "name its AuthFlows, without Custom and User: a passkey that ends passwords on an app client would end those sign-ins too")
	}
}
