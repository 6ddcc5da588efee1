package userpool

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/go-webauthn/webauthn/protocol"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"

	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

const (
	maxPasskeys     = 20          // that Cognito keeps for one user
	passkeyTimeout  = time.Minute // that the options give the browser
	passkeyNameless = "Passkey"   // where the AAGUID tells no provider
)

// passkeyAlgorithms are those that Cognito offers.
var passkeyAlgorithms = []protocol.CredentialParameter{
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgES256},
	{Type: protocol.PublicKeyCredentialType, Algorithm: webauthncose.AlgRS256},
}

// passkey is one of a user's passkeys that Cognito itself keeps.
type passkey struct {
	credential.Record
	Name       string
	Attachment string // as the browser stated it, or empty
	Created    time.Time
}

func (k *passkey) id() string { return base64.RawURLEncoding.EncodeToString(k.ID) }

// registration is a challenge of StartWebAuthnRegistration that awaits its answer.
type registration struct {
	username, clientID string
	expiry             time.Time
}

// checkWebAuthn reports why nobody can have passkeys in the pool. Cognito would fall back on the pool's domain for a
// missing relying party id; a pool here has no domain.
func (p *Pool) checkWebAuthn() error {
	switch {
	case !slices.Contains(p.properties.firstFactors(), factorWebAuthn):
		return fail(webAuthnNotEnabled, "WebAuthn is not enabled for this user pool: %s is not among its AllowedFirstAuthFactors", factorWebAuthn)
	case p.properties.WebAuthnRelyingPartyID == "":
		return fail(webAuthnConfigurationMissing, "The user pool has no WebAuthnRelyingPartyID")
	}
	return nil
}

// relyingParty accepts answers from one origin. Cognito's documents don't say that it looks at signature counters.
func (p *Pool) relyingParty(origin string) webauthn.RelyingParty {
	id := p.properties.WebAuthnRelyingPartyID
	return webauthn.RelyingParty{ID: id, Name: id, Origins: []string{origin}, Counter: webauthn.CounterIgnore}
}

// verification is what the pool and the user ask of an authenticator.
func (p *Pool) verification(u *user) webauthn.UserVerification {
	chosen := u != nil && u.PasskeyMFA
	if chosen || p.properties.WebAuthnUserVerification == verificationRequired || p.properties.WebAuthnFactorConfiguration == multiFactor {
		return webauthn.UserVerificationRequired
	}
	return webauthn.UserVerificationPreferred
}

type startWebAuthnRegistrationOutput struct {
	CredentialCreationOptions webauthn.CreationOptions
}

func (p *Pool) startWebAuthnRegistration(_ *call, in accessTokenInput) (out startWebAuthnRegistrationOutput, err error) {
	u, cl, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	if err := p.checkWebAuthn(); err != nil {
		return out, err
	}
	if len(u.Passkeys) >= maxPasskeys {
		return out, errTooManyPasskeys()
	}
	now := p.now()
	maps.DeleteFunc(p.registrations, func(_ string, r registration) bool { return now.After(r.expiry) })
	challenge := randomBytes(32)
	p.registrations[string(challenge)] = registration{u.Username, cl.id, now.Add(cl.sessions)}
	name := p.signInName(u)
	out.CredentialCreationOptions = p.relyingParty("").CreationOptions(webauthn.CreationRequest{
		Challenge: challenge, Exclude: u.descriptors(), UserVerification: p.verification(u), Timeout: passkeyTimeout,
		User: webauthn.User{Handle: []byte(u.Attributes[attrSub]), Name: name, DisplayName: name},
	})
	out.CredentialCreationOptions.Parameters = passkeyAlgorithms
	return out, nil
}

// signInName is what the user types, if the pool knows.
func (p *Pool) signInName(u *user) string {
	for _, attribute := range p.properties.UsernameAttributes {
		if name := u.Attributes[attribute]; name != "" {
			return name
		}
	}
	return u.Username
}

func (u *user) descriptors() []webauthn.Descriptor {
	var list []webauthn.Descriptor
	for _, k := range u.Passkeys {
		list = append(list, webauthn.Descriptor{ID: k.ID, Transports: k.Transports})
	}
	return list
}

// takeRegistration removes the challenge from those waiting, so that no second answer finds it.
func (p *Pool) takeRegistration(u *user, cl *client, challenge []byte) error {
	started, found := p.registrations[string(challenge)]
	delete(p.registrations, string(challenge))
	switch {
	case !found || p.now().After(started.expiry) || started.username != u.Username:
		return fail(webAuthnChallengeNotFound, "The challenge was not found, has expired or was answered before.")
	case started.clientID != cl.id:
		return fail(webAuthnClientMismatch, "The registration was started through another app client.")
	}
	return nil
}

type completeWebAuthnRegistrationInput struct {
	AccessToken string
	Credential  json.RawMessage // a RegistrationResponseJSON
}

func (p *Pool) completeWebAuthnRegistration(_ *call, in completeWebAuthnRegistrationInput) (out struct{}, err error) {
	u, cl, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	if err := p.checkWebAuthn(); err != nil {
		return out, err
	}
	answer, err := webauthn.ParseRegistration(in.Credential)
	if err != nil {
		return out, registrationRefused(err)
	}
	if err := p.takeRegistration(u, cl, answer.Challenge); err != nil {
		return out, err
	}
	stated := readStatement(in.Credential)
	rp := p.relyingParty(stated.origin)
	if err := rp.Validate(); err != nil {
		return out, fail(webAuthnOriginNotAllowed, "The origin is not that of the relying party: %v", err)
	}
	record, err := rp.VerifyRegistration(answer, answer.Challenge, p.verification(u))
	if err != nil {
		return out, registrationRefused(err)
	}
	record.UserHandle = []byte(u.Attributes[attrSub])
	return out, p.keepPasskey(u, &passkey{
		Record: record, Name: passkeyName(record.AAGUID), Attachment: stated.attachment, Created: p.now(),
	})
}

// keepPasskey gives a user a verified passkey, unless that is one too many, of an algorithm that wasn't offered or
// somebody's already.
func (p *Pool) keepPasskey(u *user, k *passkey) error {
	if !offered(k.PublicKey) {
		return fail(webAuthnCredentialNotSupported, "The algorithm of the public key was not offered.")
	}
	if len(u.Passkeys) >= maxPasskeys {
		return errTooManyPasskeys()
	}
	for _, other := range p.Users {
		if other.passkey(k.ID) != nil {
			return fail(invalidParameter, "The credential is registered already.")
		}
	}
	u.Passkeys = append(u.Passkeys, k)
	p.touch(u)
	return nil
}

// offered reports whether a verified key is of one of Cognito's algorithms: package webauthn takes Ed25519 too.
func offered(publicKey []byte) bool {
	var key webauthncose.PublicKeyData
	return webauthncbor.Unmarshal(publicKey, &key) == nil &&
		slices.ContainsFunc(passkeyAlgorithms, func(p protocol.CredentialParameter) bool {
			return p.Algorithm == webauthncose.COSEAlgorithmIdentifier(key.Algorithm)
		})
}

func passkeyName(aaguid credential.AAGUID) string {
	if name := credential.Provider(aaguid); name != "" {
		return name
	}
	return passkeyNameless
}

// registrationRefused answers a refused registration by Cognito's exception for its reason.
func registrationRefused(err error) error {
	var refusal *webauthn.Refusal
	if !errors.As(err, &refusal) {
		return err
	}
	exception := invalidParameter
	switch refusal.Reason {
	case webauthn.WrongOrigin, webauthn.CrossOrigin:
		exception = webAuthnOriginNotAllowed
	case webauthn.WrongRelyingParty:
		exception = webAuthnRelyingPartyMismatch
	case webauthn.UnsupportedAlgorithm, webauthn.BadKey, webauthn.UserNotPresent, webauthn.UserNotVerified,
		webauthn.BackupFlags, webauthn.Attestation:
		exception = webAuthnCredentialNotSupported
	}
	return fail(exception, "%s", refusal.Detail)
}

// statement is what the browser says of an answer, beside what is judged.
type statement struct{ origin, attachment string }

// readStatement reads an answer that package webauthn has parsed.
func readStatement(answer []byte) statement {
	var parts struct {
		AuthenticatorAttachment string
		Response                struct{ ClientDataJSON webauthn.Base64URL }
	}
	var clientData struct{ Origin string }
	if json.Unmarshal(answer, &parts) != nil || json.Unmarshal(parts.Response.ClientDataJSON, &clientData) != nil {
		return statement{}
	}
	return statement{clientData.Origin, parts.AuthenticatorAttachment}
}

func (u *user) passkey(id []byte) *passkey {
	for _, k := range u.Passkeys {
		if string(k.ID) == string(id) {
			return k
		}
	}
	return nil
}

type listWebAuthnCredentialsInput struct {
	AccessToken string
	MaxResults  *int
	NextToken   string
}

type listWebAuthnCredentialsOutput struct {
	Credentials []passkeyDescription
	NextToken   string `json:",omitempty"`
}

// passkeyDescription is the API's WebAuthnCredentialDescription.
type passkeyDescription struct {
	CredentialId            string
	FriendlyCredentialName  string
	RelyingPartyId          string
	AuthenticatorAttachment string `json:",omitempty"`
	AuthenticatorTransports []string
	CreatedAt               timestamp
}

// listWebAuthnCredentials lists passkeys, oldest first. The token of the next page is the last id of this one.
func (p *Pool) listWebAuthnCredentials(_ *call, in listWebAuthnCredentialsInput) (out listWebAuthnCredentialsOutput, err error) {
	u, _, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	limit := maxPasskeys
	if in.MaxResults != nil && *in.MaxResults > 0 {
		limit = min(*in.MaxResults, maxPasskeys)
	}
	from := 0
	if in.NextToken != "" {
		from = 1 + slices.IndexFunc(u.Passkeys, func(k *passkey) bool { return k.id() == in.NextToken })
		if from == 0 {
			return out, fail(invalidParameter, "NextToken is not one of this list")
		}
	}
	page := u.Passkeys[from:min(from+limit, len(u.Passkeys))]
	out.Credentials = []passkeyDescription{}
	for _, k := range page {
		out.Credentials = append(out.Credentials, passkeyDescription{
			CredentialId: k.id(), FriendlyCredentialName: k.Name, RelyingPartyId: k.RPID, AuthenticatorAttachment: k.Attachment,
			AuthenticatorTransports: append([]string{}, k.Transports...), CreatedAt: stamp(k.Created),
		})
	}
	if from+len(page) < len(u.Passkeys) {
		out.NextToken = page[len(page)-1].id()
	}
	return out, nil
}

type deleteWebAuthnCredentialInput struct{ AccessToken, CredentialId string }

func (p *Pool) deleteWebAuthnCredential(_ *call, in deleteWebAuthnCredentialInput) (out struct{}, err error) {
	u, _, err := p.bearerOf(in.AccessToken)
	if err != nil {
		return out, err
	}
	i := slices.IndexFunc(u.Passkeys, func(k *passkey) bool { return k.id() == in.CredentialId })
	if i < 0 {
		return out, fail(resourceNotFound, "The user has no such credential.")
	}
	u.Passkeys = slices.Delete(u.Passkeys, i, i+1)
	p.touch(u)
	return out, nil
}
