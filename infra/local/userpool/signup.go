package userpool

import "strings"

const statusCannotConfirm = "User cannot be confirmed. Current status is %s"

// tolerated are members that clients send for analytics and threat protection; nothing here reads them.
type tolerated struct {
	AnalyticsMetadata any
	UserContextData   any
}

type signUpInput struct {
	ClientId, SecretHash, Username, Password string
	UserAttributes, ValidationData           []attribute
	ClientMetadata                           map[string]string
	tolerated
}

type signUpOutput struct {
	CodeDeliveryDetails *delivery `json:",omitempty"`
	UserConfirmed       bool
	UserSub             string
}

func (p *Pool) signUp(c *call, in signUpInput) (out signUpOutput, err error) {
	cl, err := p.clientFor(in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return out, err
	}
	if p.properties.AdminCreateUserConfig.AllowAdminCreateUserOnly {
		return out, fail(notAuthorized, "SignUp is not permitted for this user pool")
	}
	if err := p.checkNewName(in.Username); err != nil {
		return out, err
	}
	if err := p.properties.Policies.PasswordPolicy.check(in.Password); err != nil {
		return out, err
	}
	attributes, err := p.writable(cl, in.UserAttributes)
	if err != nil {
		return out, err
	}
	u := p.newUser(in.Username, attributes)
	if err := p.checkNewUser(in.Username, u, attributes); err != nil {
		return out, err
	}
	u.Status = statusUnconfirmed
	p.setPassword(u, in.Password)
	if err := p.preSignUp(c, cl.id, sourceSignUp, u, mapOf(in.ValidationData), in.ClientMetadata); err != nil {
		return out, err
	}
	if err := p.checkFree(u); err != nil { // somebody may have taken the name while the trigger ran
		return out, err
	}
	p.Users[u.Username] = u
	out = signUpOutput{UserSub: u.Attributes[attrSub], UserConfirmed: u.Status == statusConfirmed}
	if out.UserConfirmed {
		return out, p.postConfirmation(c, cl.id, sourceConfirmSignUp, u, in.ClientMetadata)
	}
	if attribute, address := p.autoVerified(u); address != "" {
		out.CodeDeliveryDetails = p.send(c, u, purposeConfirm, KindSignUp, attribute, address)
	}
	return out, nil
}

// checkNewUser reports a missing required attribute, a name that differs from the address given beside it, and a name
// that is taken.
func (p *Pool) checkNewUser(name string, u *user, given map[string]string) error {
	if missing := p.missingAttributes(u); len(missing) > 0 {
		return nonconforming(missing[0], "The attribute is required")
	}
	for _, attribute := range p.properties.UsernameAttributes {
		if value := given[attribute]; value != "" && value != u.Attributes[attribute] {
			return fail(invalidParameter, "%s differs from the Username %q", attribute, name)
		}
		if err := p.schema[attribute].check(u.Attributes[attribute]); u.Attributes[attribute] != "" && err != nil {
			return err
		}
	}
	return p.checkFree(u)
}

type confirmSignUpInput struct {
	ClientId, SecretHash, Username, ConfirmationCode string
	ForceAliasCreation                               bool
	ClientMetadata                                   map[string]string
	tolerated
}

func (p *Pool) confirmSignUp(c *call, in confirmSignUpInput) (out struct{}, err error) {
	cl, err := p.clientFor(in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return out, err
	}
	u, err := p.identify(cl, in.Username)
	switch {
	case err != nil:
		return out, err
	case u == nil:
		return out, errCodeMismatch()
	case u.Status != statusUnconfirmed:
		return out, fail(notAuthorized, statusCannotConfirm, u.Status)
	}
	attribute, address, err := p.redeem(u, purposeConfirm, in.ConfirmationCode)
	if err != nil {
		return out, err
	}
	if u.Attributes[attribute] != address {
		return out, errCodeExpired()
	}
	if err := p.takeAlias(u, attribute, address, in.ForceAliasCreation); err != nil {
		return out, err
	}
	u.Attributes[verifiedBy[attribute]] = "true"
	u.Status = statusConfirmed
	p.touch(u)
	return out, p.postConfirmation(c, cl.id, sourceConfirmSignUp, u, in.ClientMetadata)
}

// takeAlias makes room for u's newly verified address: refused while another user signs in by it, unless the alias is
// forced over, which leaves the other user's address unverified.
func (p *Pool) takeAlias(u *user, attribute, address string, force bool) error {
	if !p.addressTaken(u, attribute, address) {
		return nil
	}
	if !force || len(p.properties.UsernameAttributes) > 0 {
		return fail(aliasExists, "An account with the %s already exists.", strings.ReplaceAll(attribute, "_", " "))
	}
	p.find(address).Attributes[verifiedBy[attribute]] = "false"
	return nil
}

type resendConfirmationCodeInput struct {
	ClientId, SecretHash, Username string
	ClientMetadata                 map[string]string
	tolerated
}

type codeSentOutput struct{ CodeDeliveryDetails *delivery }

func (p *Pool) resendConfirmationCode(c *call, in resendConfirmationCodeInput) (out codeSentOutput, err error) {
	cl, err := p.clientFor(in.ClientId, in.SecretHash, in.Username)
	if err != nil {
		return out, err
	}
	u, err := p.identify(cl, in.Username)
	switch {
	case err != nil:
		return out, err
	case u == nil:
		return codeSentOutput{p.simulatedDelivery(in.Username)}, nil
	case u.Status != statusUnconfirmed:
		return out, fail(invalidParameter, "User is already confirmed.")
	}
	attribute, address := p.autoVerified(u)
	if address == "" {
		return out, fail(invalidParameter, "Auto verification not turned on.")
	}
	return codeSentOutput{p.send(c, u, purposeConfirm, KindResendCode, attribute, address)}, nil
}

// simulatedDelivery is the answer for someone who doesn't exist: a medium that fits the typed name.
func (p *Pool) simulatedDelivery(typed string) *delivery {
	switch {
	case phoneNumber.MatchString(typed):
		return deliveryTo(attrPhone, typed)
	case isEmail(typed):
		return deliveryTo(attrEmail, typed)
	}
	address := p.decoyName(typed)
	return deliveryTo(attrEmail, address[:1]+"@"+address[1:])
}

func mapOf(list []attribute) map[string]string {
	m := make(map[string]string, len(list))
	for _, a := range list {
		m[a.Name] = a.Value
	}
	return m
}
