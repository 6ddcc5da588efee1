package userpool

import (
	"cmp"
	"slices"
)

type forgotPasswordInput struct {
	ClientId, SecretHash, Username string
	ClientMetadata                 map[string]string
	tolerated
}

// forgotPassword sends a code to a verified address. On a client that hides users, everyone who has none gets the same
// answer and no code.
func (p *Pool) forgotPassword(c *call, in forgotPasswordInput) (out codeSentOutput, err error) {
	cl, err := p.clientFor(in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return out, err
	}
	order := p.recoveryAttributes()
	if len(order) == 0 {
		return out, fail(notAuthorized, "Contact administrator to reset password.")
	}
	u, err := p.identify(cl, in.Username)
	if err != nil {
		return out, err
	}
	attribute, address, err := recoveryAddress(u, order)
	switch {
	case err == nil:
		return codeSentOutput{p.send(c, u, purposeRecover, KindForgotPassword, attribute, address)}, nil
	case cl.hidesUsers:
		return codeSentOutput{p.simulatedDelivery(in.Username)}, nil
	}
	return out, err
}

// recoveryAttributes returns the attributes that a code may go to, best first. Without the property Cognito takes the
// phone, then the e-mail.
func (p *Pool) recoveryAttributes() []string {
	mechanisms := slices.Clone(p.properties.AccountRecoverySetting.RecoveryMechanisms)
	if len(mechanisms) == 0 {
		return []string{attrPhone, attrEmail}
	}
	slices.SortFunc(mechanisms, func(a, b recoveryMechanism) int { return cmp.Compare(a.Priority, b.Priority) })
	var order []string
	for _, m := range mechanisms {
		if attribute := recoveredBy[m.Name]; attribute != "" {
			order = append(order, attribute)
		}
	}
	return order
}

// recoveryAddress picks where a user's code goes, or says why there is no such place.
func recoveryAddress(u *user, order []string) (attribute, address string, err error) {
	switch {
	case u == nil:
		return "", "", errNoSuchUser()
	case !u.Enabled:
		return "", "", errDisabled()
	case u.Status == statusForcePassword:
		return "", "", fail(notAuthorized, "User password cannot be reset in the current state.")
	}
	for _, attribute := range order {
		if address := u.Attributes[attribute]; address != "" && u.Attributes[verifiedBy[attribute]] == "true" {
			return attribute, address, nil
		}
	}
	return "", "", fail(invalidParameter,
		"Cannot reset password for the user as there is no registered/verified email or phone_number")
}

type confirmForgotPasswordInput struct {
	ClientId, SecretHash, Username, ConfirmationCode, Password string
	ClientMetadata                                             map[string]string
	tolerated
}

func (p *Pool) confirmForgotPassword(c *call, in confirmForgotPasswordInput) (out struct{}, err error) {
	cl, err := p.clientFor(in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return out, err
	}
	if err := p.properties.Policies.PasswordPolicy.check(in.Password); err != nil {
		return out, err
	}
	u, err := p.identify(cl, in.Username)
	if err != nil {
		return out, err
	}
	if cl.hidesUsers && (u == nil || !u.Enabled || u.Codes[purposeRecover] == nil) {
		return out, errCodeMismatch()
	}
	if !u.Enabled {
		return out, errDisabled()
	}
	attribute, address, err := p.redeem(u, purposeRecover, in.ConfirmationCode)
	if err != nil {
		return out, err
	}
	if u.Attributes[attribute] != address {
		return out, errCodeExpired()
	}
	p.setPassword(u, in.Password)
	u.Status = statusConfirmed
	delete(p.failures, u.Username)
	return out, p.postConfirmation(c, cl.id, sourceConfirmForgot, u, in.ClientMetadata)
}

type changePasswordInput struct{ AccessToken, PreviousPassword, ProposedPassword string }

func (p *Pool) changePassword(_ *call, in changePasswordInput) (out struct{}, err error) {
	u, _, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	if err := p.properties.Policies.PasswordPolicy.check(in.ProposedPassword); err != nil {
		return out, err
	}
	if err := p.checkPassword(u, u.Username, in.PreviousPassword); err != nil {
		return out, err
	}
	p.setPassword(u, in.ProposedPassword)
	return out, nil
}
