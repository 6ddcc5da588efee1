// Package sample reads the credential table of the passwordless sample of AWS
// (aws-samples/amazon-cognito-passwordless-auth), one item per passkey:
//
//	pk  USER#<user handle>, as text
//	sk  CREDENTIAL#<credential id>, unpadded base64url
//
// The user handle is the user's sub if that is the user name too, "u|" and the
// user name if that is opaque, and "s|" and the sub otherwise. Other items are
// challenges, which are left alone.
package sample

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/migrate"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// Names of the sample's table.
const (
	partitionKey     = "pk"
	sortKey          = "sk"
	userPrefix       = "USER#"
	credentialPrefix = "CREDENTIAL#"

	attributeUserID         = "userId"
	attributeCredentialID   = "credentialId"
	attributePublicKey      = "jwk"
	attributeSignCount      = "signCount"
	attributeName           = "friendlyName"
	attributeBackupEligible = "flagBackupEligibility"
	attributeBackupState    = "flagBackupState"
	attributeAAGUID         = "aaguid"
	attributeTransports     = "transports"
	attributeRelyingParty   = "rpId"
	attributeCreated        = "createdAt"
	attributeLastSignIn     = "lastSignIn"

	handleOfName = "u|"
	handleOfSub  = "s|"
)

// pageSize is how many items are read at once, and lost at most when a run is
// interrupted and resumed.
const pageSize = 100

// Table is the sample's credential table.
type Table struct {
	Client *dynamodb.Client
	Name   string
}

// Key is the primary key of an item; a scan begins after it. The zero value is
// before the first.
type Key struct {
	PK string `json:"pk"`
	SK string `json:"sk"`
}

func (k Key) attributes() map[string]types.AttributeValue {
	if k == (Key{}) {
		return nil
	}
	return map[string]types.AttributeValue{
		partitionKey: &types.AttributeValueMemberS{Value: k.PK},
		sortKey:      &types.AttributeValueMemberS{Value: k.SK},
	}
}

// Candidates returns the passkeys behind a key. done is called with the key of
// the last item that was read, each time that all candidates before it have been
// taken; its error ends the reading.
func (t Table) Candidates(ctx context.Context, after Key, done func(Key) error) iter.Seq2[migrate.Candidate, error] {
	return func(yield func(migrate.Candidate, error) bool) {
		pages := dynamodb.NewScanPaginator(t.Client, &dynamodb.ScanInput{
			TableName:         &t.Name,
			Limit:             aws.Int32(pageSize),
			ConsistentRead:    aws.Bool(true),
			ExclusiveStartKey: after.attributes(),
		})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				yield(migrate.Candidate{}, fmt.Errorf("reading table %s: %w", t.Name, err))
				return
			}
			for _, attributes := range page.Items {
				i := item(attributes)
				if i.isPasskey() && !yield(i.candidate(), nil) {
					return
				}
			}
			if last := item(page.LastEvaluatedKey); last != nil {
				if err := done(Key{PK: last.text(partitionKey), SK: last.text(sortKey)}); err != nil {
					yield(migrate.Candidate{}, err)
					return
				}
			}
		}
	}
}

// item is an item: attribute → value. Its getters return the zero value for an
// attribute that is absent or of another type.
type item map[string]types.AttributeValue

func (i item) isPasskey() bool {
	return strings.HasPrefix(i.text(partitionKey), userPrefix) && strings.HasPrefix(i.text(sortKey), credentialPrefix)
}

// candidate reads the item of a passkey.
func (i item) candidate() migrate.Candidate {
	handle := strings.TrimPrefix(i.text(partitionKey), userPrefix)
	c := migrate.Candidate{
		Item:   i.text(partitionKey) + " " + i.text(sortKey),
		Holder: holderOf(handle),
		Name:   i.text(attributeName),
	}
	id := i.bytes(attributeCredentialID)
	if i.text(sortKey) != credentialPrefix+base64.RawURLEncoding.EncodeToString(id) || i.text(attributeUserID) != handle {
		c.Unreadable = errors.New("its key doesn't say the same as " + attributeUserID + " and " + attributeCredentialID)
		return c
	}
	r := reader{item: i}
	c.Record = credential.Record{
		ID:             id,
		PublicKey:      r.publicKey(),
		SignCount:      r.signCount(),
		BackupEligible: r.flag(attributeBackupEligible),
		BackupState:    r.flag(attributeBackupState),
		AAGUID:         r.aaguid(),
		Transports:     i.texts(attributeTransports),
		RPID:           i.text(attributeRelyingParty),
		UserHandle:     []byte(handle),
	}
	c.Created, c.Used = r.time(attributeCreated), r.time(attributeLastSignIn)
	c.Unreadable = r.err
	return c
}

// holderOf is the user whom a user handle names.
func holderOf(handle string) migrate.Holder {
	if name, ok := strings.CutPrefix(handle, handleOfName); ok {
		return migrate.Holder{UserName: name}
	}
	if sub, ok := strings.CutPrefix(handle, handleOfSub); ok {
		return migrate.Holder{Sub: sub}
	}
	return migrate.Holder{UserName: handle}
}

func (i item) text(name string) string {
	v, _ := i[name].(*types.AttributeValueMemberS)
	if v == nil {
		return ""
	}
	return v.Value
}

func (i item) bytes(name string) []byte {
	v, _ := i[name].(*types.AttributeValueMemberB)
	if v == nil {
		return nil
	}
	return v.Value
}

func (i item) texts(name string) []string {
	v, _ := i[name].(*types.AttributeValueMemberL)
	if v == nil {
		return nil
	}
	var list []string
	for _, e := range v.Value {
		if s, ok := e.(*types.AttributeValueMemberS); ok {
			list = append(list, s.Value)
		}
	}
	return list
}

// reader reads attributes that must be right and keeps the first error.
type reader struct {
	item
	err error
}

func (r *reader) fail(name, want string) {
	if r.err == nil {
		r.err = fmt.Errorf("%s: want %s", name, want)
	}
}

func (r *reader) number(name string, bits int) uint64 {
	v, _ := r.item[name].(*types.AttributeValueMemberN)
	if v == nil {
		r.fail(name, "a number")
		return 0
	}
	n, err := strconv.ParseUint(v.Value, 10, bits)
	if err != nil {
		r.fail(name, "a whole number of "+strconv.Itoa(bits)+" bits")
	}
	return n
}

func (r *reader) signCount() uint32 { return uint32(r.number(attributeSignCount, 32)) }

// flag reads 0 or 1.
func (r *reader) flag(name string) bool { return r.number(name, 1) == 1 }

func (r *reader) aaguid() (aaguid credential.AAGUID) {
	b := r.bytes(attributeAAGUID)
	if len(b) != len(aaguid) {
		r.fail(attributeAAGUID, "16 bytes")
		return aaguid
	}
	return credential.AAGUID(b)
}

// time reads an ISO 8601 time; an absent one is zero.
func (r *reader) time(name string) time.Time {
	if r.item[name] == nil {
		return time.Time{}
	}
	t, err := time.Parse(time.RFC3339, r.text(name))
	if err != nil {
		r.fail(name, "a time such as 2024-05-01T12:00:00.000Z")
	}
	return t
}

func (r *reader) publicKey() []byte {
	m, _ := r.item[attributePublicKey].(*types.AttributeValueMemberM)
	if m == nil {
		r.fail(attributePublicKey, "a map")
		return nil
	}
	key, err := coseOf(m.Value)
	if err != nil && r.err == nil {
		r.err = fmt.Errorf("%s: %w", attributePublicKey, err)
	}
	return key
}
