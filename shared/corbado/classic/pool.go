package classic

import (
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/corbado/internal/lookup"
	"github.com/cognito-passkeys/cognito-passkeys/shared/mail/mailbox"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// MarkerAttribute is "true" for users whom Backend made: they have a password
// that nobody knows.
const MarkerAttribute = "custom:createdByCorbado"

const marked = "true"

// Attributes of every pool.
const (
	attributeSub           = "sub"
	attributeEmail         = "email"
	attributeEmailVerified = "email_verified"
	verified               = "true"
)

// Errors of a sign-in to which the pool's answer is no.
var (
	ErrNotOwner = errors.New("the pool's user of this name has not verified it as an e-mail address: it may be another person")
	ErrRefused  = errors.New("the user pool refuses the user: disabled or not confirmed, or the app client takes no ticket of this backend's")
)

// Cognito is the part of the user-pool API that Pool needs.
type Cognito interface {
	lookup.Users // AdminGetUser
	AdminCreateUser(context.Context, *cognitoidentityprovider.AdminCreateUserInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminCreateUserOutput, error)
	AdminSetUserPassword(context.Context, *cognitoidentityprovider.AdminSetUserPasswordInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminSetUserPasswordOutput, error)
	AdminInitiateAuth(context.Context, *cognitoidentityprovider.AdminInitiateAuthInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminInitiateAuthOutput, error)
	AdminRespondToAuthChallenge(context.Context, *cognitoidentityprovider.AdminRespondToAuthChallengeInput, ...func(*cognitoidentityprovider.Options)) (*cognitoidentityprovider.AdminRespondToAuthChallengeOutput, error)
}

// Pool is the user pool by the backend's app client. It implements Users.
type Pool struct {
	Cognito      Cognito
	ID           string
	ClientID     string
	ClientSecret func(context.Context) (secret.Text, error)
}

// user is the part of a user that decides.
type user struct {
	name       string
	sub        string
	status     types.UserStatusType
	enabled    bool
	attributes map[string]string // name → value
}

func (u user) isMarked() bool { return u.attributes[MarkerAttribute] == marked }

// get returns the user of a typed name, or lookup.ErrNobody.
func (p Pool) get(ctx context.Context, name string) (user, error) {
	out, err := lookup.User(ctx, p.Cognito, p.ID, name)
	if err != nil {
		return user{}, err
	}
	u := user{name: aws.ToString(out.Username), status: out.UserStatus, enabled: out.Enabled, attributes: map[string]string{}}
	for _, a := range out.UserAttributes {
		u.attributes[aws.ToString(a.Name)] = aws.ToString(a.Value)
	}
	u.sub = u.attributes[attributeSub]
	return u, nil
}

// findOrCreate returns the user who owns an e-mail address that Corbado has
// verified, and makes one if there is none. Several may ask at once.
func (p Pool) findOrCreate(ctx context.Context, address string) (user, error) {
	u, err := p.get(ctx, address)
	if errors.Is(err, lookup.ErrNobody) {
		if err := p.create(ctx, address); err != nil {
			return user{}, err
		}
		u, err = p.get(ctx, address)
	}
	switch {
	case err != nil:
		return user{}, err
	case !mailbox.Same(u.attributes[attributeEmail], address) || u.attributes[attributeEmailVerified] != verified:
		return user{}, ErrNotOwner
	case u.isMarked() && u.status == types.UserStatusTypeForceChangePassword: // just made, or not to the end
		return u, p.setPassword(ctx, u)
	}
	return u, nil
}

// create makes a user without a password. One who was made meanwhile is fine.
func (p Pool) create(ctx context.Context, address string) error {
	_, err := p.Cognito.AdminCreateUser(ctx, &cognitoidentityprovider.AdminCreateUserInput{
		UserPoolId:    &p.ID,
		Username:      &address,
		MessageAction: types.MessageActionTypeSuppress,
		UserAttributes: []types.AttributeType{
			{Name: aws.String(attributeEmail), Value: &address},
			{Name: aws.String(attributeEmailVerified), Value: aws.String(verified)},
			{Name: aws.String(MarkerAttribute), Value: aws.String(marked)},
		},
	})
	var exists *types.UsernameExistsException
	if err != nil && !errors.As(err, &exists) {
		return fmt.Errorf("creating the user: %w", err)
	}
	return nil
}

// setPassword gives a user a password that nobody knows, so that the pool takes
// the user for confirmed.
func (p Pool) setPassword(ctx context.Context, u user) error {
	_, err := p.Cognito.AdminSetUserPassword(ctx, &cognitoidentityprovider.AdminSetUserPasswordInput{
		UserPoolId: &p.ID, Username: &u.name, Password: aws.String(randomPassword()), Permanent: true,
	})
	if err != nil {
		return fmt.Errorf("setting a random password: %w", err)
	}
	return nil
}

// randomPassword returns a password that every policy takes: none asks for more
// than 99 characters, nor for other kinds of them than the first four.
func randomPassword() string {
	random := make([]byte, 96)
	_, _ = rand.Read(random) // never fails since Go 1.24: it ends the program instead
	return "Aa1!" + base64.RawURLEncoding.EncodeToString(random)
}

// Names of parameters.
const (
	parameterAnswer     = "ANSWER"
	parameterPassword   = "PASSWORD"
	parameterSecretHash = "SECRET_HASH"
	parameterUserName   = "USERNAME"
)

// signIn signs a user in by a ticket, which is signed as late as possible.
func (p Pool) signIn(ctx context.Context, u user, sign func() (string, error)) (*types.AuthenticationResultType, error) {
	parameters, err := p.parameters(ctx, u.name)
	if err != nil {
		return nil, err
	}
	begun, err := p.Cognito.AdminInitiateAuth(ctx, &cognitoidentityprovider.AdminInitiateAuthInput{
		UserPoolId: &p.ID, ClientId: &p.ClientID, AuthFlow: types.AuthFlowTypeCustomAuth, AuthParameters: parameters,
	})
	if err != nil {
		return nil, signInError("starting the sign-in", err)
	}
	answer, err := sign()
	if err != nil {
		return nil, fmt.Errorf("signing a ticket: %w", err)
	}
	parameters[parameterAnswer] = answer
	ended, err := p.Cognito.AdminRespondToAuthChallenge(ctx, &cognitoidentityprovider.AdminRespondToAuthChallengeInput{
		UserPoolId: &p.ID, ClientId: &p.ClientID, Session: begun.Session,
		ChallengeName: types.ChallengeNameTypeCustomChallenge, ChallengeResponses: parameters,
	})
	switch {
	case err != nil:
		return nil, signInError("answering with the ticket", err)
	case ended.AuthenticationResult == nil:
		return nil, fmt.Errorf("answering with the ticket: %w", ErrRefused)
	}
	return ended.AuthenticationResult, nil
}

// signInError tells the pool's no from a fault.
func signInError(doing string, err error) error {
	if isRefusal(err) {
		return fmt.Errorf("%s: %w: %w", doing, ErrRefused, err)
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// aboutSecret is part of each NotAuthorizedException that is about SECRET_HASH,
// and so about the backend's settings and not about the user.
const aboutSecret = "secret"

// isRefusal reports whether the pool judged the user or the proof, rather than failed to.
func isRefusal(err error) bool {
	var notAuthorized *types.NotAuthorizedException
	var notFound *types.UserNotFoundException
	var notConfirmed *types.UserNotConfirmedException
	var resetRequired *types.PasswordResetRequiredException
	if errors.As(err, &notAuthorized) {
		return !strings.Contains(strings.ToLower(notAuthorized.ErrorMessage()), aboutSecret)
	}
	return errors.As(err, &notFound) || errors.As(err, &notConfirmed) || errors.As(err, &resetRequired)
}

// parameters are those of every call for a user by an app client with a secret.
//
// https://docs.aws.amazon.com/cognito/latest/developerguide/signing-up-users-in-your-app.html#cognito-user-pools-computing-secret-hash
func (p Pool) parameters(ctx context.Context, userName string) (map[string]string, error) {
	key, err := p.ClientSecret(ctx)
	if err != nil {
		return nil, fmt.Errorf("reading the app client's secret: %w", err)
	}
	mac := hmac.New(sha256.New, []byte(key.Reveal()))
	mac.Write([]byte(userName + p.ClientID))
	return map[string]string{
		parameterUserName:   userName,
		parameterSecretHash: base64.StdEncoding.EncodeToString(mac.Sum(nil)),
	}, nil
}

// Status implements Users. Users whom Backend made do not exist for Corbado's
// password dialogue.
func (p Pool) Status(ctx context.Context, name string) (Status, error) {
	u, err := p.get(ctx, name)
	switch {
	case errors.Is(err, lookup.ErrNobody):
		return NotExists, nil
	case err != nil:
		return "", err
	case !u.enabled:
		return Blocked, nil
	case u.isMarked():
		return NotExists, nil
	}
	return Exists, nil
}

// maxPassword is the longest that Cognito takes, in characters.
const maxPassword = 256

// VerifyPassword implements Users. A password is not enough for users of whom
// the pool then asks for more, such as a code or a new password: they sign in to
// the pool first.
func (p Pool) VerifyPassword(ctx context.Context, name, password string) (bool, error) {
	if !lookup.IsName(name) || password == "" || utf8.RuneCountInString(password) > maxPassword {
		return false, nil
	}
	parameters, err := p.parameters(ctx, name)
	if err != nil {
		return false, err
	}
	parameters[parameterPassword] = password
	out, err := p.Cognito.AdminInitiateAuth(ctx, &cognitoidentityprovider.AdminInitiateAuthInput{
		UserPoolId: &p.ID, ClientId: &p.ClientID, AuthFlow: types.AuthFlowTypeAdminUserPasswordAuth, AuthParameters: parameters,
	})
	switch {
	case isRefusal(err):
		return false, nil
	case err != nil:
		return false, fmt.Errorf("checking the password: %w", err)
	}
	return out.AuthenticationResult != nil, nil // the tokens themselves are nobody's
}
