package userpool

import (
	"crypto/hmac"
	"crypto/sha256"
	"maps"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// userStatus is a user's state in the words of the API.
type userStatus string

const (
	statusUnconfirmed   userStatus = "UNCONFIRMED"
	statusConfirmed     userStatus = "CONFIRMED"
	statusForcePassword userStatus = "FORCE_CHANGE_PASSWORD"
)

// user is one user of the pool.
type user struct {
	Username       string
	Status         userStatus
	Enabled        bool
	Attributes     map[string]string // name → value
	Salt           []byte            // of Verifier
	Verifier       []byte            // of the password: see srp.go
	PasswordExpiry time.Time         // of a temporary password
	Created        time.Time
	Modified       time.Time
	Codes          map[purpose]*code // what a code is for → the one sent last
	Pending        map[string]string // attribute → its next value, once verified
	MFA            softwareToken
	Passkeys       []*passkey // oldest first
	PasskeyMFA     bool       // a passkey stands for MFA
}

// attribute is an attribute as the API shapes it.
type attribute struct{ Name, Value string }

// fold brings a user name or alias into the form in which it is compared.
func (p *Pool) fold(name string) string {
	if p.properties.caseSensitive() {
		return name
	}
	return strings.ToLower(name)
}

// find returns the user that a typed name means: the user name itself; in a pool with sign-in by e-mail or phone, that
// attribute; in a pool with aliases, a verified alias. Nil means nobody.
func (p *Pool) find(name string) *user {
	folded := p.fold(name)
	if u := p.Users[folded]; u != nil {
		return u
	}
	for _, u := range p.Users {
		for _, alias := range p.properties.UsernameAttributes {
			if p.fold(u.Attributes[alias]) == folded && folded != "" {
				return u
			}
		}
		for _, alias := range p.properties.AliasAttributes {
			if p.holdsAlias(u, alias, folded) {
				return u
			}
		}
	}
	return nil
}

// holdsAlias reports whether the user signs in by the alias: an address only once it is verified.
func (p *Pool) holdsAlias(u *user, alias, folded string) bool {
	mark, needsVerification := verifiedBy[alias]
	return folded != "" && p.fold(u.Attributes[alias]) == folded && (!needsVerification || u.Attributes[mark] == "true")
}

// identify returns the user that a client names. A nil user without an error is one that doesn't exist, on a client
// that doesn't tell so.
func (p *Pool) identify(c *client, name string) (*user, error) {
	if name == "" {
		return nil, errMissing("USERNAME")
	}
	u := p.find(name)
	if u == nil && !c.hidesUsers {
		return nil, errNoSuchUser()
	}
	return u, nil
}

// decoyName is the user name of someone who doesn't exist: a UUID, the same for the same typed name.
func (p *Pool) decoyName(typed string) string {
	return uuidFrom(p.decoy("user name", p.fold(typed))[:16])
}

// decoy derives 32 bytes for a purpose from a typed name by the pool's own key.
func (p *Pool) decoy(purpose, name string) []byte {
	mac := hmac.New(sha256.New, p.DecoyKey)
	mac.Write([]byte(purpose + "\x00" + name))
	return mac.Sum(nil)
}

// usernamePattern is the Username pattern of the API reference.
var usernamePattern = regexp.MustCompile(`^[\p{L}\p{M}\p{S}\p{N}\p{P}]+$`)

// checkNewName reports why nobody can sign up by a name.
func (p *Pool) checkNewName(name string) error {
	email, phone := isEmail(name), phoneNumber.MatchString(name)
	by := p.properties.UsernameAttributes
	aliases := p.properties.AliasAttributes
	switch {
	case name == "":
		return errMissing("Username")
	case utf8.RuneCountInString(name) > 128 || !usernamePattern.MatchString(name):
		return fail(invalidParameter, "Username: want 1 to 128 letters, marks, numbers, symbols or punctuation characters")
	case slices.Contains(by, attrEmail) && email, slices.Contains(by, attrPhone) && phone:
		return nil
	case len(by) == 2:
		return fail(invalidParameter, "Username should be either an email or a phone number.")
	case slices.Contains(by, attrEmail):
		return fail(invalidParameter, "Username should be an email.")
	case slices.Contains(by, attrPhone):
		return fail(invalidParameter, "Username should be a phone number.")
	case slices.Contains(aliases, attrEmail) && email:
		return fail(invalidParameter, "Username cannot be of email format, since user pool is configured for email alias.")
	case slices.Contains(aliases, attrPhone) && phone:
		return fail(invalidParameter, "Username cannot be of phone number format, since user pool is configured for phone number alias.")
	}
	return nil
}

// newUser makes a user, not yet part of the pool, from a checked name and attributes.
func (p *Pool) newUser(name string, attributes map[string]string) *user {
	sub := newUUID()
	username := p.fold(name)
	all := maps.Clone(attributes)
	if len(p.properties.UsernameAttributes) > 0 {
		username = sub
		if isEmail(name) {
			all[attrEmail] = name
		} else {
			all[attrPhone] = name
		}
	}
	all[attrSub] = sub
	now := p.now()
	return &user{
		Username: username, Enabled: true, Attributes: all,
		Created: now, Modified: now,
		Codes: map[purpose]*code{}, Pending: map[string]string{},
	}
}

// checkFree reports that a new user's name or sign-in address is taken.
func (p *Pool) checkFree(u *user) error {
	if p.Users[u.Username] != nil {
		return fail(usernameExists, "User already exists")
	}
	for _, alias := range p.properties.UsernameAttributes {
		if p.addressTaken(u, alias, u.Attributes[alias]) {
			return fail(usernameExists, "An account with the given %s already exists.", alias)
		}
	}
	return nil
}

// addressTaken reports whether somebody other than u signs in by the value of an attribute.
func (p *Pool) addressTaken(u *user, attribute, value string) bool {
	if value == "" || !slices.Contains(slices.Concat(p.properties.UsernameAttributes, p.properties.AliasAttributes), attribute) {
		return false
	}
	holder := p.find(value)
	return holder != nil && holder.Username != u.Username
}

// remove takes a user and all grants out of the pool.
func (p *Pool) remove(u *user) {
	p.revokeAll(u)
	delete(p.Users, u.Username)
}

func (p *Pool) touch(u *user) { u.Modified = p.now() }

// eventAttributes are a user's attributes as triggers get them.
func (u *user) eventAttributes() map[string]string {
	all := maps.Clone(u.Attributes)
	all[attrStatus] = string(u.Status)
	return all
}

// attributeList returns the attributes that pass keep, in order of name.
func attributeList(attributes map[string]string, keep func(name string) bool) []attribute {
	list := []attribute{}
	for _, name := range slices.Sorted(maps.Keys(attributes)) {
		if keep(name) {
			list = append(list, attribute{name, attributes[name]})
		}
	}
	return list
}

func every(string) bool { return true }
