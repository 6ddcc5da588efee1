package userpool

import (
	"time"

	"github.com/pquerna/otp"
	"github.com/pquerna/otp/totp"
)

// totpPeriod is how long one code of an authenticator app is shown.
const totpPeriod = 30 * time.Second

// softwareToken is a user's authenticator app.
type softwareToken struct {
	Secret   string // base32; waits in Next until its first code
	Next     string
	Enabled  bool
	Prefers  bool
	LastStep int64 // of the last code taken, which no code of that or an earlier step follows
}

func (t *softwareToken) settings() []string {
	if !t.Enabled {
		return nil
	}
	return []string{softwareTokenMFA}
}

func (t *softwareToken) preferred() string {
	if !t.Enabled || !t.Prefers {
		return ""
	}
	return softwareTokenMFA
}

// accept reports whether a code is right for the secret, now or one step to either side, and newer than the last one.
func (t *softwareToken) accept(secret, passcode string, now time.Time) bool {
	options := totp.ValidateOpts{Period: uint(totpPeriod.Seconds()), Digits: otp.DigitsSix}
	for offset := int64(-1); offset <= 1; offset++ {
		at := now.Add(time.Duration(offset) * totpPeriod)
		step := at.Unix() / int64(totpPeriod.Seconds())
		if ok, err := totp.ValidateCustom(passcode, secret, at, options); ok && err == nil && step > t.LastStep {
			t.LastStep = step
			return true
		}
	}
	return false
}

// asksTOTP reports whether a user's password is followed by a code of the authenticator app.
func (p *Pool) asksTOTP(u *user) bool {
	return u.MFA.Enabled && p.properties.MfaConfiguration != mfaOff
}

type associateSoftwareTokenOutput struct{ SecretCode string }

func (p *Pool) associateSoftwareToken(_ *call, in accessTokenInput) (out associateSoftwareTokenOutput, err error) {
	u, _, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	if p.properties.MfaConfiguration == mfaOff {
		return out, fail(softwareTokenMFANotFound, "Software Token MFA has not been enabled by the userPool")
	}
	key, err := totp.Generate(totp.GenerateOpts{Issuer: p.name(), AccountName: u.Username, SecretSize: 32})
	if err != nil {
		return out, err
	}
	u.MFA.Next = key.Secret()
	return associateSoftwareTokenOutput{SecretCode: u.MFA.Next}, nil
}

type verifySoftwareTokenInput struct{ AccessToken, UserCode, FriendlyDeviceName string }

type verifySoftwareTokenOutput struct{ Status string }

func (p *Pool) verifySoftwareToken(_ *call, in verifySoftwareTokenInput) (out verifySoftwareTokenOutput, err error) {
	u, _, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	next := softwareToken{Secret: u.MFA.Next, Enabled: u.MFA.Enabled, Prefers: u.MFA.Prefers}
	if next.Secret == "" || !next.accept(next.Secret, in.UserCode, p.now()) {
		return out, fail(enableSoftwareTokenMFA, "Code mismatch")
	}
	u.MFA = next
	p.touch(u)
	return verifySoftwareTokenOutput{Status: "SUCCESS"}, nil
}

type mfaSettings struct{ Enabled, PreferredMfa bool }

type mfaPreference struct {
	SoftwareTokenMfaSettings, SMSMfaSettings, EmailMfaSettings *mfaSettings
	WebAuthnMfaSettings                                        *struct{ Enabled bool }
}

type setUserMFAPreferenceInput struct {
	AccessToken string
	mfaPreference
}

type adminSetUserMFAPreferenceInput struct {
	forPool
	Username string
	mfaPreference
}

func (p *Pool) adminSetUserMFAPreference(_ *call, in adminSetUserMFAPreferenceInput) (out struct{}, err error) {
	u, err := p.adminFind(in.Username)
	if err != nil {
		return out, err
	}
	return out, p.preferMFA(u, in.mfaPreference)
}

func (p *Pool) setUserMFAPreference(_ *call, in setUserMFAPreferenceInput) (out struct{}, err error) {
	u, _, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	return out, p.preferMFA(u, in.mfaPreference)
}

func (p *Pool) preferMFA(u *user, in mfaPreference) error {
	for _, other := range []*mfaSettings{in.SMSMfaSettings, in.EmailMfaSettings} {
		if other != nil && other.Enabled {
			return fail(invalidParameter, "the local user pool serves MFA by software token and passkey only")
		}
	}
	next := u.MFA
	if want := in.SoftwareTokenMfaSettings; want != nil {
		if want.Enabled && (u.MFA.Secret == "" || p.properties.MfaConfiguration == mfaOff) {
			return fail(invalidParameter, "User has not verified software token mfa")
		}
		next.Enabled, next.Prefers = want.Enabled, want.Enabled && want.PreferredMfa
	}
	if want := in.WebAuthnMfaSettings; want != nil {
		switch {
		case want.Enabled && p.properties.WebAuthnFactorConfiguration != multiFactor:
			return fail(invalidParameter, "the pool's WebAuthnFactorConfiguration must be %s", multiFactor)
		case want.Enabled && !next.Enabled:
			return fail(invalidParameter, "passkey MFA takes another MFA method beside it")
		}
		u.PasskeyMFA = want.Enabled
	}
	u.MFA = next
	p.touch(u)
	return nil
}
