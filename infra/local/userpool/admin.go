package userpool

import (
	"strings"
	"time"
)

// timestamp is a time as JSON 1.1 has it: seconds since 1970.
type timestamp float64

func stamp(t time.Time) timestamp { return timestamp(float64(t.UnixMilli()) / 1000) }

// userType is the API's UserType.
type userType struct {
	Username             string
	Attributes           []attribute
	Enabled              bool
	UserStatus           userStatus
	UserCreateDate       timestamp
	UserLastModifiedDate timestamp
}

func (u *user) typed(keep func(string) bool) userType {
	return userType{
		Username: u.Username, Attributes: attributeList(u.Attributes, keep), Enabled: u.Enabled, UserStatus: u.Status,
		UserCreateDate: stamp(u.Created), UserLastModifiedDate: stamp(u.Modified),
	}
}

// adminUserInput names a user to an administrator's operation.
type adminUserInput struct {
	forPool
	Username       string
	ClientMetadata map[string]string
}

// adminFind returns the user that an administrator names.
func (p *Pool) adminFind(name string) (*user, error) {
	if u := p.find(name); u != nil {
		return u, nil
	}
	return nil, errNoSuchUser()
}

type adminCreateUserInput struct {
	forPool
	Username, TemporaryPassword, MessageAction string
	UserAttributes, ValidationData             []attribute
	DesiredDeliveryMediums                     []string
	ForceAliasCreation                         bool
	ClientMetadata                             map[string]string
}

type adminCreateUserOutput struct{ User userType }

// Values of MessageAction.
const (
	messageResend   = "RESEND"
	messageSuppress = "SUPPRESS"
)

func (p *Pool) adminCreateUser(c *call, in adminCreateUserInput) (out adminCreateUserOutput, err error) {
	if err := only("MessageAction", []string{in.MessageAction}, "", messageResend, messageSuppress); err != nil {
		return out, fail(invalidParameter, "%v", err)
	}
	password := in.TemporaryPassword
	if password == "" {
		password = p.temporaryPassword()
	} else if err := p.properties.Policies.PasswordPolicy.check(password); err != nil {
		return out, err
	}
	var u *user
	if in.MessageAction == messageResend {
		u, err = p.reinvited(in.Username)
	} else {
		u, err = p.invited(c, in)
	}
	if err != nil {
		return out, err
	}
	p.setTemporaryPassword(u, password)
	if in.MessageAction != messageSuppress {
		p.invite(c, u, password, in.DesiredDeliveryMediums)
	}
	return adminCreateUserOutput{u.typed(every)}, nil
}

// invited makes a user for an administrator.
func (p *Pool) invited(c *call, in adminCreateUserInput) (*user, error) {
	if err := p.checkNewName(in.Username); err != nil {
		return nil, err
	}
	if err := p.checkValues(in.UserAttributes); err != nil {
		return nil, err
	}
	attributes := mapOf(in.UserAttributes)
	if _, given := attributes[attrSub]; given {
		return nil, fail(invalidParameter, "Cannot modify an already provided sub")
	}
	u := p.newUser(in.Username, attributes)
	if err := p.checkNewUser(in.Username, u, attributes); err != nil {
		return nil, err
	}
	for alias, mark := range verifiedBy {
		if u.Attributes[mark] != "true" {
			continue
		}
		if err := p.takeAlias(u, alias, u.Attributes[alias], in.ForceAliasCreation); err != nil {
			return nil, err
		}
	}
	if err := p.preSignUp(c, noClient, sourceAdminCreateUser, u, mapOf(in.ValidationData), in.ClientMetadata); err != nil {
		return nil, err
	}
	if err := p.checkFree(u); err != nil { // somebody may have taken the name while the trigger ran
		return nil, err
	}
	p.Users[u.Username] = u
	return u, nil
}

// reinvited returns a user who has not yet answered an invitation.
func (p *Pool) reinvited(name string) (*user, error) {
	u, err := p.adminFind(name)
	if err == nil && u.Status != statusForcePassword {
		return nil, fail(unsupportedUserState, "Resend not possible. %s status is not %s", name, statusForcePassword)
	}
	return u, err
}

// temporaryPassword makes a password that any policy takes.
func (p *Pool) temporaryPassword() string {
	password := "Aa1!" + randomToken()[:12]
	if missing := p.properties.Policies.PasswordPolicy.MinimumLength - len(password); missing > 0 {
		password += strings.Repeat(randomToken(), 2)[:missing]
	}
	return password
}

func (p *Pool) setTemporaryPassword(u *user, password string) {
	p.setPassword(u, password)
	u.Status = statusForcePassword
	u.PasswordExpiry = p.now().AddDate(0, 0, p.properties.Policies.PasswordPolicy.TemporaryPasswordValidityDays)
}

// invite mails a temporary password by each medium asked for; by whatever the user has, if none is.
func (p *Pool) invite(c *call, u *user, password string, mediums []string) {
	wanted := set(mediums)
	for medium, attribute := range map[string]string{mediumEmail: attrEmail, mediumSMS: attrPhone} {
		address := u.Attributes[attribute]
		if address == "" || wanted != nil && !wanted[medium] {
			continue
		}
		c.mails = append(c.mails, p.message(KindAdminCreateUser, address, password))
	}
}

type adminGetUserOutput struct {
	Username             string
	UserAttributes       []attribute
	Enabled              bool
	UserStatus           userStatus
	UserCreateDate       timestamp
	UserLastModifiedDate timestamp
	PreferredMfaSetting  string   `json:",omitempty"`
	UserMFASettingList   []string `json:",omitempty"`
}

func (p *Pool) adminGetUser(_ *call, in adminUserInput) (out adminGetUserOutput, err error) {
	u, err := p.adminFind(in.Username)
	if err != nil {
		return out, err
	}
	return adminGetUserOutput{
		Username: u.Username, UserAttributes: attributeList(u.Attributes, every), Enabled: u.Enabled, UserStatus: u.Status,
		UserCreateDate: stamp(u.Created), UserLastModifiedDate: stamp(u.Modified),
		PreferredMfaSetting: u.MFA.preferred(), UserMFASettingList: u.MFA.settings(),
	}, nil
}

type adminSetUserPasswordInput struct {
	forPool
	Username, Password string
	Permanent          bool
}

func (p *Pool) adminSetUserPassword(_ *call, in adminSetUserPasswordInput) (out struct{}, err error) {
	u, err := p.adminFind(in.Username)
	if err != nil {
		return out, err
	}
	if err := p.properties.Policies.PasswordPolicy.check(in.Password); err != nil {
		return out, err
	}
	if !in.Permanent {
		p.setTemporaryPassword(u, in.Password)
		return out, nil
	}
	p.setPassword(u, in.Password)
	u.Status = statusConfirmed
	return out, nil
}

func (p *Pool) adminConfirmSignUp(c *call, in adminUserInput) (out struct{}, err error) {
	u, err := p.adminFind(in.Username)
	switch {
	case err != nil:
		return out, err
	case u.Status != statusUnconfirmed:
		return out, fail(notAuthorized, statusCannotConfirm, u.Status)
	}
	u.Status = statusConfirmed
	p.touch(u)
	return out, p.postConfirmation(c, noClient, sourceConfirmSignUp, u, in.ClientMetadata)
}

func (p *Pool) adminDeleteUser(_ *call, in adminUserInput) (out struct{}, err error) {
	u, err := p.adminFind(in.Username)
	if err == nil {
		p.remove(u)
	}
	return out, err
}

func (p *Pool) adminDisableUser(_ *call, in adminUserInput) (out struct{}, err error) {
	u, err := p.adminFind(in.Username)
	if err == nil {
		u.Enabled = false
		p.revokeAll(u)
		p.touch(u)
	}
	return out, err
}

func (p *Pool) adminEnableUser(_ *call, in adminUserInput) (out struct{}, err error) {
	u, err := p.adminFind(in.Username)
	if err == nil {
		u.Enabled = true
		p.touch(u)
	}
	return out, err
}

func (p *Pool) adminUserGlobalSignOut(_ *call, in adminUserInput) (out struct{}, err error) {
	u, err := p.adminFind(in.Username)
	if err == nil {
		p.revokeAll(u)
	}
	return out, err
}
