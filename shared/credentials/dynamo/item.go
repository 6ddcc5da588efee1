package dynamo

import (
	"strconv"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// item is an item or a map inside one: attribute → value. Its getters return
// the zero value for an attribute that is absent or of another type.
type item map[string]types.AttributeValue

func key(pk, sk string) item {
	return item{table.PartitionKey: text(pk), table.SortKey: text(sk)}
}

func text(s string) types.AttributeValue  { return &types.AttributeValueMemberS{Value: s} }
func bytes(b []byte) types.AttributeValue { return &types.AttributeValueMemberB{Value: b} }
func flag(b bool) types.AttributeValue    { return &types.AttributeValueMemberBOOL{Value: b} }
func object(m item) types.AttributeValue  { return &types.AttributeValueMemberM{Value: m} }

func number(n int64) types.AttributeValue {
	return &types.AttributeValueMemberN{Value: strconv.FormatInt(n, 10)}
}

func texts(list []string) types.AttributeValue {
	l := &types.AttributeValueMemberL{Value: []types.AttributeValue{}}
	for _, s := range list {
		l.Value = append(l.Value, text(s))
	}
	return l
}

// millis writes a time; the zero time is 0.
func millis(t time.Time) types.AttributeValue {
	if t.IsZero() {
		return number(0)
	}
	return number(t.UnixMilli())
}

// seconds writes a time as the TTL attribute wants it.
func seconds(t time.Time) types.AttributeValue { return number(t.Unix()) }

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

func (i item) flag(name string) bool {
	v, _ := i[name].(*types.AttributeValueMemberBOOL)
	return v != nil && v.Value
}

func (i item) number(name string) int64 {
	v, _ := i[name].(*types.AttributeValueMemberN)
	if v == nil {
		return 0
	}
	n, _ := strconv.ParseInt(v.Value, 10, 64)
	return n
}

func (i item) time(name string) time.Time {
	if n := i.number(name); n != 0 {
		return time.UnixMilli(n)
	}
	return time.Time{}
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

// objects returns the maps inside a map, without the seed.
func (i item) objects(name string) map[string]item {
	v, _ := i[name].(*types.AttributeValueMemberM)
	if v == nil {
		return nil
	}
	objects := map[string]item{} // key → map
	for k, e := range v.Value {
		if m, ok := e.(*types.AttributeValueMemberM); ok {
			objects[k] = m.Value
		}
	}
	return objects
}

// seeded returns a map that is never empty.
func seeded() item { return item{table.Seed: number(0)} }

func userFrom(i item) credentials.User {
	u := credentials.User{Handle: i.bytes(table.Handle)}
	for _, c := range i.objects(table.Credentials) {
		u.Passkeys = append(u.Passkeys, credentials.Listed{
			ID:             c.bytes(table.CredentialID),
			Transports:     c.texts(table.Transports),
			RelyingPartyID: c.text(table.RelyingParty),
		})
	}
	return u
}

func listedItem(c credential.Record) types.AttributeValue {
	return object(item{
		table.CredentialID: bytes(c.ID),
		table.Transports:   texts(c.Transports),
		table.RelyingParty: text(c.RPID),
	})
}

func passkeyItem(sub, hash string, p credentials.Passkey) item {
	i := key(table.UserPK(sub), table.PasskeySK(hash))
	i[table.CredentialID] = bytes(p.ID)
	i[table.PublicKey] = bytes(p.PublicKey)
	i[table.SignCount] = number(int64(p.SignCount))
	i[table.BackupEligible] = flag(p.BackupEligible)
	i[table.BackupState] = flag(p.BackupState)
	i[table.AAGUID] = bytes(p.AAGUID[:])
	i[table.Transports] = texts(p.Transports)
	i[table.RelyingParty] = text(p.RPID)
	i[table.Handle] = bytes(p.UserHandle)
	i[table.Name] = text(p.Name)
	i[table.Generation] = text(p.Generation)
	i[table.Registration] = text(p.Registration)
	i[table.Created] = millis(p.Created)
	i[table.Used] = millis(p.Used)
	i[table.Floor] = millis(p.Floor)
	spent := seeded()
	for challenge, use := range p.Spent {
		spent[challenge] = object(useItem(use))
	}
	i[table.SpentChallenges] = object(spent)
	return i
}

func passkeyFrom(i item) credentials.Passkey {
	p := credentials.Passkey{
		Record: credential.Record{
			ID:             i.bytes(table.CredentialID),
			PublicKey:      i.bytes(table.PublicKey),
			SignCount:      uint32(i.number(table.SignCount)),
			BackupEligible: i.flag(table.BackupEligible),
			BackupState:    i.flag(table.BackupState),
			Transports:     i.texts(table.Transports),
			RPID:           i.text(table.RelyingParty),
			UserHandle:     i.bytes(table.Handle),
		},
		Name:         i.text(table.Name),
		Generation:   i.text(table.Generation),
		Registration: i.text(table.Registration),
		Created:      i.time(table.Created),
		Used:         i.time(table.Used),
		Floor:        i.time(table.Floor),
		Spent:        map[string]credentials.Use{},
	}
	copy(p.AAGUID[:], i.bytes(table.AAGUID))
	for challenge, use := range i.objects(table.SpentChallenges) {
		p.Spent[challenge] = useFrom(use)
	}
	return p
}

func useItem(u credentials.Use) item {
	return item{
		table.Digest:     bytes(u.Digest),
		table.Invocation: bytes(u.Invocation),
		table.Time:       millis(u.Time),
		table.Times:      number(int64(u.Times)),
		table.Issued:     millis(u.Issued),
		table.Expires:    millis(u.Expires),
	}
}

func useFrom(i item) credentials.Use {
	return credentials.Use{
		Digest:     i.bytes(table.Digest),
		Invocation: i.bytes(table.Invocation),
		Time:       i.time(table.Time),
		Times:      int(i.number(table.Times)),
		Issued:     i.time(table.Issued),
		Expires:    i.time(table.Expires),
	}
}
