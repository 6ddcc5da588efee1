package userpool

import (
	"cmp"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"
)

// symbols are the special characters of Cognito's password policy.
const symbols = "^$*.[]{}()?-\"!@#%&/\\,><':;|_~`+= "

const maxPassword = 256

// passwordPattern is the Password pattern of the API reference: no space at either end.
var passwordPattern = regexp.MustCompile(`^\S(.*\S)?$`)

// check reports the first rule of the policy that a password breaks, in Cognito's words.
func (p *passwordPolicy) check(password string) error {
	const prefix = "Password did not conform with policy: "
	switch {
	case password == "":
		return errMissing("Password")
	case utf8.RuneCountInString(password) > maxPassword:
		return fail(invalidPassword, prefix+"Password is too long")
	case utf8.RuneCountInString(password) < p.MinimumLength:
		return fail(invalidPassword, prefix+"Password not long enough")
	case !passwordPattern.MatchString(password):
		return fail(invalidPassword, prefix+"Password must not begin or end with a space")
	case p.RequireLowercase && !has(password, "abcdefghijklmnopqrstuvwxyz"):
		return fail(invalidPassword, prefix+"Password must have lowercase characters")
	case p.RequireUppercase && !has(password, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"):
		return fail(invalidPassword, prefix+"Password must have uppercase characters")
	case p.RequireNumbers && !has(password, "0123456789"):
		return fail(invalidPassword, prefix+"Password must have numeric characters")
	case p.RequireSymbols && !has(password, symbols):
		return fail(invalidPassword, prefix+"Password must have symbol characters")
	}
	return nil
}

func has(s, class string) bool { return strings.ContainsAny(s, class) }

const (
	freeTries  = 5
	longestBan = 15 * time.Minute
)

// failedTries are the wrong passwords that came for one name.
type failedTries struct {
	count        int
	last, banned time.Time
}

// checkLockout refuses to look at a password for a while after too many wrong ones: a second after the fifth, twice as
// long after each further one, a quarter of an hour at most. What is forgiven is forgotten.
func (p *Pool) checkLockout(userName string) error {
	now := p.now()
	for name, f := range p.failures {
		if now.Sub(f.last) > longestBan {
			delete(p.failures, name)
		}
	}
	if f := p.failures[userName]; f != nil && now.Before(f.banned) {
		return fail(notAuthorized, "Password attempts exceeded")
	}
	return nil
}

func (p *Pool) countFailure(userName string) {
	f := cmp.Or(p.failures[userName], &failedTries{})
	p.failures[userName] = f
	f.count++
	f.last = p.now()
	if over := f.count - freeTries; over >= 0 {
		f.banned = f.last.Add(min(longestBan, time.Second<<min(over, 10)))
	}
}

// checkPassword compares a password, u being nil for a user that doesn't exist, and counts a wrong one.
func (p *Pool) checkPassword(u *user, userName, password string) error {
	if err := p.checkLockout(userName); err != nil {
		return err
	}
	if !p.hasPassword(u, password) {
		p.countFailure(userName)
		return errIncorrect()
	}
	delete(p.failures, userName)
	return nil
}
