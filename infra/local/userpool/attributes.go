package userpool

import (
	"slices"
	"strings"
)

// writable returns the attributes that a client may write to a new user.
func (p *Pool) writable(cl *client, list []attribute) (map[string]string, error) {
	if err := p.checkWrite(cl, list); err != nil {
		return nil, err
	}
	return mapOf(list), p.checkValues(list)
}

// checkWrite refuses attributes that a client has no right to write. Nobody marks their own address as verified.
func (p *Pool) checkWrite(cl *client, list []attribute) error {
	for _, a := range list {
		if a.Name == attrSub {
			return fail(invalidParameter, "Cannot modify an already provided sub")
		}
		if a.Name == attrEmailVerified || a.Name == attrPhoneVerified || !cl.mayWrite(a.Name) {
			return fail(notAuthorized, "A client attempted to write unauthorized attribute")
		}
	}
	return nil
}

// checkValues refuses attributes that the schema doesn't have and values that it doesn't take.
func (p *Pool) checkValues(list []attribute) error {
	for _, a := range list {
		defined, ok := p.schema[a.Name]
		if !ok {
			return fail(invalidParameter,
				"Attributes did not conform to the schema: Type for attribute {%s} could not be determined", a.Name)
		}
		if err := defined.check(a.Value); err != nil {
			return err
		}
	}
	return nil
}

// missingAttributes returns the required attributes that a user lacks, in order.
func (p *Pool) missingAttributes(u *user) []string {
	var missing []string
	for name, a := range p.schema {
		if a.Required && u.Attributes[name] == "" {
			missing = append(missing, name)
		}
	}
	slices.Sort(missing)
	return missing
}

type accessTokenInput struct{ AccessToken string }

type getUserOutput struct {
	Username            string
	UserAttributes      []attribute
	PreferredMfaSetting string   `json:",omitempty"`
	UserMFASettingList  []string `json:",omitempty"`
}

func (p *Pool) getUser(_ *call, in accessTokenInput) (out getUserOutput, err error) {
	u, cl, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	return getUserOutput{
		Username: u.Username, UserAttributes: attributeList(u.Attributes, cl.mayRead),
		PreferredMfaSetting: u.MFA.preferred(), UserMFASettingList: u.MFA.settings(),
	}, nil
}

type updateUserAttributesInput struct {
	AccessToken    string
	UserAttributes []attribute
	ClientMetadata map[string]string
}

type updateUserAttributesOutput struct{ CodeDeliveryDetailsList []*delivery }

func (p *Pool) updateUserAttributes(c *call, in updateUserAttributesInput) (out updateUserAttributesOutput, err error) {
	out.CodeDeliveryDetailsList = []*delivery{}
	u, cl, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	if err := p.checkWrite(cl, in.UserAttributes); err != nil {
		return out, err
	}
	if err := p.checkValues(in.UserAttributes); err != nil {
		return out, err
	}
	for _, a := range in.UserAttributes {
		if err := p.checkChange(u, a); err != nil {
			return out, err
		}
	}
	for _, a := range in.UserAttributes {
		if d := p.change(c, u, a); d != nil {
			out.CodeDeliveryDetailsList = append(out.CodeDeliveryDetailsList, d)
		}
	}
	p.touch(u)
	return out, nil
}

// checkChange refuses a new value of an attribute that can't change, must not be empty, or belongs to someone else.
func (p *Pool) checkChange(u *user, a attribute) error {
	defined := p.schema[a.Name]
	switch {
	case !defined.mutable():
		return fail(invalidParameter, "user.%s: Attribute cannot be updated.", a.Name)
	case defined.Required && a.Value == "":
		return nonconforming(a.Name, "The attribute is required")
	}
	return p.takeAlias(u, a.Name, a.Value, false)
}

// change sets an attribute. A changed address is unverified and gets a code; where the pool keeps the original until
// then, the new one waits beside it.
func (p *Pool) change(c *call, u *user, a attribute) *delivery {
	mark, isAddress := verifiedBy[a.Name]
	if !isAddress {
		u.Attributes[a.Name] = a.Value
		return nil
	}
	delete(u.Pending, a.Name)
	if u.Attributes[a.Name] == a.Value && u.Attributes[mark] == "true" {
		return nil
	}
	if slices.Contains(p.properties.UserAttributeUpdateSettings.AttributesRequireVerificationBeforeUpdate, a.Name) {
		u.Pending[a.Name] = a.Value
	} else {
		u.Attributes[a.Name] = a.Value
		u.Attributes[mark] = "false"
		if !slices.Contains(p.properties.AutoVerifiedAttributes, a.Name) {
			return nil
		}
	}
	return p.send(c, u, purposeVerify(a.Name), KindUpdateUserAttribute, a.Name, a.Value)
}

type attributeCodeInput struct {
	AccessToken, AttributeName string
	ClientMetadata             map[string]string
}

func (p *Pool) getUserAttributeVerificationCode(c *call, in attributeCodeInput) (out codeSentOutput, err error) {
	u, _, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	address := u.Pending[in.AttributeName]
	if address == "" {
		address = u.Attributes[in.AttributeName]
	}
	if _, isAddress := verifiedBy[in.AttributeName]; !isAddress || address == "" {
		return out, fail(invalidParameter, "AttributeName %q: the user has no such address to verify", in.AttributeName)
	}
	d := p.send(c, u, purposeVerify(in.AttributeName), KindVerifyUserAttribute, in.AttributeName, address)
	return codeSentOutput{d}, nil
}

type verifyUserAttributeInput struct{ AccessToken, AttributeName, Code string }

func (p *Pool) verifyUserAttribute(_ *call, in verifyUserAttributeInput) (out struct{}, err error) {
	u, _, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	attribute, address, err := p.redeem(u, purposeVerify(in.AttributeName), in.Code)
	if err != nil {
		return out, err
	}
	pending := u.Pending[attribute]
	if address != pending && address != u.Attributes[attribute] {
		return out, errCodeExpired()
	}
	if err := p.takeAlias(u, attribute, address, false); err != nil {
		return out, err
	}
	if address == pending {
		delete(u.Pending, attribute)
	}
	u.Attributes[attribute] = address
	u.Attributes[verifiedBy[attribute]] = "true"
	p.touch(u)
	return out, nil
}

type deleteUserAttributesInput struct {
	AccessToken        string
	UserAttributeNames []string
}

func (p *Pool) deleteUserAttributes(_ *call, in deleteUserAttributesInput) (out struct{}, err error) {
	u, cl, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	for _, name := range in.UserAttributeNames {
		if err := p.checkWrite(cl, []attribute{{Name: name}}); err != nil {
			return out, err
		}
		defined, ok := p.schema[name]
		if !ok || !defined.mutable() || defined.Required || slices.Contains(p.properties.UsernameAttributes, name) {
			return out, fail(invalidParameter, "user.%s: Attribute cannot be deleted.", strings.TrimSpace(name))
		}
	}
	for _, name := range in.UserAttributeNames {
		delete(u.Attributes, name)
		delete(u.Attributes, verifiedBy[name])
		delete(u.Pending, name)
	}
	p.touch(u)
	return out, nil
}

func (p *Pool) deleteUser(_ *call, in accessTokenInput) (out struct{}, err error) {
	u, _, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	p.remove(u)
	return out, nil
}
