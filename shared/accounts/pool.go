package accounts

import (
	"context"
	"crypto/rand"
	"errors"
	"slices"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
	"github.com/aws/smithy-go"
)

// Answers of a Pool that are no faults.
var (
	ErrExists = errors.New("the address or the name has an account")
	ErrNobody = errors.New("there is no such user")
)

// Pool is what an administrator may do with the user pool. Users are named by
// their user name or their sub, except where it says otherwise.
type Pool interface {
	// Create makes a user without a password that anybody knows, who has to be
	// given one by ScramblePassword. No mail is sent. It returns ErrExists if the
	// name or the address is somebody's, and takes it from nobody.
	Create(context.Context, NewUser) (User, error)
	// Find returns the user of a name, a sub or an e-mail address that is one's
	// to sign in by, or ErrNobody. Cognito bills a user who was found as active in
	// the month: look for those only who proved to be the user.
	Find(ctx context.Context, name string) (User, error)
	// FindByEmail is Find by an e-mail address alone, without being billed. It
	// returns users whose address was not verified too, and may miss one who was
	// created a moment ago.
	FindByEmail(ctx context.Context, address string) ([]User, error)
	// FindBySub is FindByEmail by a sub, which is one user's. It may return ErrNobody.
	FindBySub(ctx context.Context, sub string) (User, error)
	// ScramblePassword gives a user a password that nobody knows, for good.
	ScramblePassword(ctx context.Context, name string) error
	// SignOut ends all of a user's sessions; access tokens stay good for the
	// authorizer until they expire.
	SignOut(ctx context.Context, name string) error
	// Delete deletes a user. One who is gone already is no error.
	Delete(ctx context.Context, name string) error
}

// Status is a user's, in Cognito's words.
type Status string

// The statuses that matter here.
const (
	StatusUnconfirmed Status = Status(types.UserStatusTypeUnconfirmed)         // signed up, and never proved the address
	StatusIncomplete  Status = Status(types.UserStatusTypeForceChangePassword) // was created, and has no password of their own
	StatusConfirmed   Status = Status(types.UserStatusTypeConfirmed)
	StatusExternal    Status = Status(types.UserStatusTypeExternalProvider) // signs in elsewhere
)

// User is a user of the pool.
type User struct {
	Name       string // the Cognito user name
	Sub        string
	Status     Status
	Enabled    bool
	Attributes map[string]string // name → value
}

// NewUser is a user to create, whose address was proved.
type NewUser struct {
	Name       string            // the user name; in a pool whose users sign in by e-mail address, that address
	Attributes map[string]string // name → value
}

// Names of attributes in Cognito.
const (
	attributeSub      = "sub"
	attributeEmail    = "email"
	attributeVerified = "email_verified"
	attributeLocale   = "locale"

	isTrue = "true" // value of a flag
)

// CognitoPool implements Pool. It is safe for concurrent use.
type CognitoPool struct {
	client *cognitoidentityprovider.Client
	id     string
}

// NewCognitoPool returns the pool of that id in an SDK configuration's region.
func NewCognitoPool(cfg aws.Config, id string) CognitoPool {
	return CognitoPool{cognitoidentityprovider.NewFromConfig(cfg), id}
}

// Create implements Pool, by AdminCreateUser, never with ForceAliasCreation.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_AdminCreateUser.html
func (p CognitoPool) Create(ctx context.Context, user NewUser) (User, error) {
	var attributes []types.AttributeType
	for name, value := range user.Attributes {
		attributes = append(attributes, types.AttributeType{Name: aws.String(name), Value: aws.String(value)})
	}
	out, err := p.client.AdminCreateUser(ctx, &cognitoidentityprovider.AdminCreateUserInput{
		UserPoolId:     &p.id,
		Username:       &user.Name,
		MessageAction:  types.MessageActionTypeSuppress,
		UserAttributes: attributes,
	})
	if isTaken(err) {
		return User{}, ErrExists
	}
	if err != nil {
		return User{}, err
	}
	return userFrom(*out.User), nil
}

// isTaken goes by the code: of this operation, the SDK knows the type of the first
// exception only.
func isTaken(err error) bool {
	var refused smithy.APIError
	return errors.As(err, &refused) && slices.Contains([]string{
		(*types.UsernameExistsException)(nil).ErrorCode(), (*types.AliasExistsException)(nil).ErrorCode(),
	}, refused.ErrorCode())
}

// Find implements Pool, by AdminGetUser.
func (p CognitoPool) Find(ctx context.Context, name string) (User, error) {
	out, err := p.client.AdminGetUser(ctx, &cognitoidentityprovider.AdminGetUserInput{UserPoolId: &p.id, Username: &name})
	if isNobody(err) {
		return User{}, ErrNobody
	}
	if err != nil {
		return User{}, err
	}
	return newUser(out.Username, out.UserStatus, out.Enabled, out.UserAttributes), nil
}

// FindByEmail implements Pool, by ListUsers.
func (p CognitoPool) FindByEmail(ctx context.Context, address string) ([]User, error) {
	return p.list(ctx, attributeEmail, address)
}

// FindBySub implements Pool, by ListUsers: AdminGetUser takes a sub only where
// users have no names of their own.
func (p CognitoPool) FindBySub(ctx context.Context, sub string) (User, error) {
	users, err := p.list(ctx, attributeSub, sub)
	if err == nil && len(users) == 0 {
		err = ErrNobody
	}
	if err != nil {
		return User{}, err
	}
	return users[0], nil
}

// list returns the users of whom an attribute has a value.
func (p CognitoPool) list(ctx context.Context, attribute, value string) ([]User, error) {
	out, err := p.client.ListUsers(ctx, &cognitoidentityprovider.ListUsersInput{
		UserPoolId: &p.id,
		Filter:     aws.String(attribute + ` = "` + filterEscaper.Replace(value) + `"`),
	})
	if err != nil {
		return nil, err
	}
	var users []User
	for _, u := range out.Users {
		users = append(users, userFrom(u))
	}
	return users, nil
}

// filterEscaper keeps a value inside the quotation marks of a ListUsers filter.
// https://docs.aws.amazon.com/cognito-user-identity-pools/latest/APIReference/API_ListUsers.html
var filterEscaper = strings.NewReplacer(`\`, `\\`, `"`, `\"`)

// ScramblePassword implements Pool, by AdminSetUserPassword.
func (p CognitoPool) ScramblePassword(ctx context.Context, name string) error {
	_, err := p.client.AdminSetUserPassword(ctx, &cognitoidentityprovider.AdminSetUserPasswordInput{
		UserPoolId: &p.id, Username: &name, Password: aws.String(randomPassword()), Permanent: true,
	})
	return nobody(err)
}

// randomPassword returns one that every policy of Cognito's takes, which may ask
// for up to 99 characters and one of each class.
// https://docs.aws.amazon.com/cognito/latest/developerguide/managing-users-passwords.html
func randomPassword() string {
	const ofEachClass, longest = "aA1-", 99
	password := ofEachClass
	for len(password) < longest {
		password += rand.Text()
	}
	return password
}

// SignOut implements Pool, by AdminUserGlobalSignOut.
func (p CognitoPool) SignOut(ctx context.Context, name string) error {
	_, err := p.client.AdminUserGlobalSignOut(ctx, &cognitoidentityprovider.AdminUserGlobalSignOutInput{UserPoolId: &p.id, Username: &name})
	return nobody(err)
}

// Delete implements Pool, by AdminDeleteUser.
func (p CognitoPool) Delete(ctx context.Context, name string) error {
	_, err := p.client.AdminDeleteUser(ctx, &cognitoidentityprovider.AdminDeleteUserInput{UserPoolId: &p.id, Username: &name})
	if isNobody(err) {
		return nil
	}
	return err
}

func userFrom(u types.UserType) User {
	return newUser(u.Username, u.UserStatus, u.Enabled, u.Attributes)
}

func newUser(name *string, status types.UserStatusType, enabled bool, attributes []types.AttributeType) User {
	user := User{Name: aws.ToString(name), Status: Status(status), Enabled: enabled, Attributes: map[string]string{}}
	for _, a := range attributes {
		user.Attributes[aws.ToString(a.Name)] = aws.ToString(a.Value)
	}
	user.Sub = user.Attributes[attributeSub]
	return user
}

// nobody tells that there is no such user.
func nobody(err error) error {
	if isNobody(err) {
		return ErrNobody
	}
	return err
}

func isNobody(err error) bool {
	var notFound *types.UserNotFoundException
	return errors.As(err, &notFound)
}
