package userpool

import (
	"crypto/rand"
	"crypto/subtle"
	"fmt"
	"math/big"
	"slices"
	"strings"
	"time"
)

// purpose is what a code is for.
type purpose string

const (
	purposeConfirm purpose = "confirm"
	purposeRecover purpose = "recover"
	purposeSignIn  purpose = "sign in"
)

// purposeVerify is the purpose of a code that verifies an attribute.
func purposeVerify(attribute string) purpose { return purpose("verify " + attribute) }

const (
	confirmCodeLife = 24 * time.Hour
	recoverCodeLife = time.Hour
	signInCodeLife  = 15 * time.Minute // no session lives longer

	// maxTries wrong codes for one purpose are taken per triesWindow, however many codes were sent.
	maxTries    = 5
	triesWindow = time.Hour
)

// code is a code that was sent to a user.
type code struct {
	Value     string
	Attribute string // email or phone_number
	Address   string // value of the attribute that it was sent to
	Expiry    time.Time
	Tries     int       // wrong ones since TriesFrom
	TriesFrom time.Time // start of the window
}

// Values of DeliveryMedium.
const (
	mediumEmail = "EMAIL"
	mediumSMS   = "SMS"
)

// delivery is the API's CodeDeliveryDetails.
type delivery struct {
	AttributeName  string
	DeliveryMedium string
	Destination    string
}

func deliveryTo(attribute, address string) *delivery {
	if attribute == attrPhone {
		return &delivery{attribute, mediumSMS, "+*******" + address[max(0, len(address)-4):]}
	}
	local, domain, _ := strings.Cut(address, "@")
	return &delivery{attribute, mediumEmail, firstOf(local) + "***@" + firstOf(domain) + "***"}
}

func firstOf(s string) string {
	for _, r := range s {
		return string(r)
	}
	return ""
}

// send makes a code and mails it. Wrong tries of the window stay counted.
func (p *Pool) send(c *call, u *user, why purpose, kind Kind, attribute, address string) *delivery {
	now := p.now()
	life := confirmCodeLife
	switch why {
	case purposeRecover:
		life = recoverCodeLife
	case purposeSignIn:
		life = signInCodeLife
	}
	next := &code{Value: sixDigits(), Attribute: attribute, Address: address, Expiry: now.Add(life), TriesFrom: now}
	if last := u.Codes[why]; last != nil && now.Sub(last.TriesFrom) < triesWindow {
		next.Tries, next.TriesFrom = last.Tries, last.TriesFrom
	}
	u.Codes[why] = next
	c.mails = append(c.mails, p.message(kind, address, next.Value))
	return deliveryTo(attribute, address)
}

func (p *Pool) message(kind Kind, to, code string) Message {
	return Message{
		To: to, Subject: subjects[kind], Body: fmt.Sprintf(bodies[kind], code), Kind: kind, Code: code, At: p.now(),
	}
}

// redeem takes a code once and says what it was sent to.
func (p *Pool) redeem(u *user, why purpose, value string) (attribute, address string, err error) {
	now := p.now()
	sent := u.Codes[why]
	switch {
	case value == "":
		return "", "", errMissing("ConfirmationCode")
	case sent == nil:
		return "", "", errCodeExpired()
	case now.Sub(sent.TriesFrom) >= triesWindow:
		sent.Tries, sent.TriesFrom = 0, now
	}
	if sent.Tries >= maxTries {
		return "", "", fail(limitExceeded, "Attempt limit exceeded, please try after some time.")
	}
	if subtle.ConstantTimeCompare([]byte(sent.Value), []byte(value)) != 1 {
		sent.Tries++
		return "", "", errCodeMismatch()
	}
	if now.After(sent.Expiry) {
		return "", "", errCodeExpired()
	}
	delete(u.Codes, why)
	return sent.Attribute, sent.Address, nil
}

func sixDigits() string {
	n, err := rand.Int(rand.Reader, big.NewInt(1_000_000))
	if err != nil {
		panic(err) // unreachable: crypto/rand's reader never fails
	}
	return fmt.Sprintf("%06d", n)
}

// autoVerified returns the address that a new user's code goes to, the phone before the e-mail as Cognito prefers, or
// nothing.
func (p *Pool) autoVerified(u *user) (attribute, address string) {
	for _, attribute := range []string{attrPhone, attrEmail} {
		if address := u.Attributes[attribute]; address != "" && slices.Contains(p.properties.AutoVerifiedAttributes, attribute) {
			return attribute, address
		}
	}
	return "", ""
}

// subjects: kind → subject of the message.
var subjects = map[Kind]string{
	KindSignUp:              "Confirm your account",
	KindResendCode:          "Confirm your account",
	KindForgotPassword:      "Reset your password",
	KindUpdateUserAttribute: "Confirm your new address",
	KindVerifyUserAttribute: "Confirm your address",
	KindAdminCreateUser:     "Your account is ready",
	KindAuthentication:      "Your code to sign in",
}

// bodies: kind → text of the message, which takes the code.
var bodies = map[Kind]string{
	KindSignUp:              "Welcome. Your confirmation code is %s.",
	KindResendCode:          "Your confirmation code is %s.",
	KindForgotPassword:      "Your code to choose a new password is %s. If you didn't ask for it, ignore this message.",
	KindUpdateUserAttribute: "Your code to confirm the new address is %s.",
	KindVerifyUserAttribute: "Your code to confirm this address is %s.",
	KindAuthentication:      "Your code to sign in is %s. If you didn't ask for it, ignore this message.",
	KindAdminCreateUser:     "An account was made for you. Sign in with the temporary password %s and choose your own.",
}
