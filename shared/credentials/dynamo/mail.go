package dynamo

import (
	"context"
	"errors"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb"

	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/table"
)

// Mailing implements credentials.Store.
func (s *Store) Mailing(ctx context.Context, sub, sk string) (credentials.Mailing, error) {
	i, err := s.get(ctx, table.MailPK(sub), sk)
	if err != nil {
		return credentials.Mailing{}, err
	}
	return credentials.Mailing{
		Token:    i.bytes(table.Token),
		Session:  i.text(table.Session),
		Browser:  i.bytes(table.Browser),
		ClientID: i.text(table.Client),
		Expires:  i.time(table.Expires),
		Wrong:    int(i.number(table.Wrong)),
		Use:      usedFrom(i),
	}, nil
}

// usedFrom is the use of what was sent.
func usedFrom(i item) credentials.Use {
	return credentials.Use{
		Digest:     i.bytes(table.Digest),
		Invocation: i.bytes(table.Invocation),
		Time:       i.time(table.Time),
		Times:      int(i.number(table.Times)),
	}
}

// PutMailing implements credentials.Store.
func (s *Store) PutMailing(ctx context.Context, sub, sk string, m credentials.Mailing) error {
	i := key(table.MailPK(sub), sk)
	i[table.Session] = text(m.Session)
	i[table.Client] = text(m.ClientID)
	i[table.Expires] = millis(m.Expires)
	i[table.Wrong] = number(0)
	i[table.TTL] = seconds(m.Expires.Add(credentials.MailingKept))
	for name, value := range map[string][]byte{table.Token: m.Token, table.Browser: m.Browser} {
		if len(value) > 0 {
			i[name] = bytes(value)
		}
	}
	_, err := s.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &s.table, Item: i})
	return err
}

// SpendMailing implements credentials.Store.
func (s *Store) SpendMailing(ctx context.Context, sub, sk string, token []byte, use credentials.Use) error {
	var e expression
	e.spend(use)
	if len(token) > 0 {
		e.condition(e.name(table.Token) + " = " + e.value(bytes(token)))
	} else {
		e.condition("attribute_not_exists(" + e.name(table.Token) + ")")
	}
	_, err := s.update(ctx, key(table.MailPK(sub), sk), e)
	return err
}

// spend records the use of what was sent, on the condition that it is not spent,
// has not expired and was not answered wrongly too often.
func (e *expression) spend(use credentials.Use) {
	for name, value := range map[string][]byte{table.Digest: use.Digest, table.Invocation: use.Invocation} {
		e.set(e.name(name), bytes(value))
	}
	used := e.name(table.Time)
	e.set(used, millis(use.Time))
	e.set(e.name(table.Times), number(int64(use.Times)))
	e.condition("attribute_not_exists(" + used + ")")
	e.condition(e.name(table.Expires) + " > " + e.value(millis(use.Time)))
	e.condition(e.name(table.Wrong) + " < " + e.value(number(credentials.MaxWrongTries)))
}

// RepeatMailing implements credentials.Store.
func (s *Store) RepeatMailing(ctx context.Context, sub, sk string, digest []byte) error {
	var e expression
	e.repeat("", digest)
	_, err := s.update(ctx, key(table.MailPK(sub), sk), e)
	return err
}

// MissMailing implements credentials.Store.
func (s *Store) MissMailing(ctx context.Context, sub, sk string) error {
	var e expression
	e.miss()
	_, err := s.update(ctx, key(table.MailPK(sub), sk), e)
	return err
}

// miss counts a wrong try, up to the limit.
func (e *expression) miss() {
	wrong := e.name(table.Wrong)
	e.setTo(wrong, wrong+" + "+e.value(number(1)))
	e.condition(wrong + " < " + e.value(number(credentials.MaxWrongTries)))
}

// Rate implements credentials.Store.
func (s *Store) Rate(ctx context.Context, name string) (credentials.Rate, error) {
	i, err := s.get(ctx, table.RatePK(name), table.RateSK)
	if errors.Is(err, credentials.ErrNotFound) {
		return credentials.Rate{}, nil
	}
	if err != nil {
		return credentials.Rate{}, err
	}
	return credentials.Rate{Last: i.time(table.Last), Day: i.number(table.Day), Sent: int(i.number(table.Sent))}, nil
}

// SetRate implements credentials.Store.
func (s *Store) SetRate(ctx context.Context, name string, before, after credentials.Rate) error {
	var e expression
	last, sent := e.name(table.Last), e.name(table.Sent)
	e.set(last, millis(after.Last))
	e.set(e.name(table.Day), number(after.Day))
	e.set(sent, number(int64(after.Sent)))
	e.set(e.name(table.TTL), seconds(after.Expires()))
	if before.Last.IsZero() {
		e.condition("attribute_not_exists(" + last + ")")
	} else {
		e.condition(last + " = " + e.value(millis(before.Last)))
		e.condition(sent + " = " + e.value(number(int64(before.Sent))))
	}
	_, err := s.update(ctx, key(table.RatePK(name), table.RateSK), e)
	return err
}

// CountNotice implements credentials.Store.
func (s *Store) CountNotice(ctx context.Context, sub string, n credentials.Notice) (int, error) {
	var e expression
	told, sent := e.name(table.Told(n.ID)), e.name(table.Sent)
	e.set(told, flag(true))
	e.setTo(sent, "if_not_exists("+sent+", "+e.value(number(0))+") + "+e.value(number(1)))
	e.set(e.name(table.TTL), seconds(n.Expires()))
	e.condition("attribute_not_exists(" + told + ")")
	e.condition("(attribute_not_exists(" + sent + ") OR " + sent + " < " + e.value(number(credentials.NoticesPerDay)) + ")")
	i, err := s.update(ctx, key(table.UserPK(sub), table.NoticesSK(n.Kind, n.Day())), e)
	return int(i.number(table.Sent)), err
}
