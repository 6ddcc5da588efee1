// Package archive writes and reads passkeys as JSON lines, one object for each
// passkey, with what signs its holder in and nothing that could: public keys.
//
//	sub             the user's immutable identifier in the pool
//	userName        the Cognito user name
//	id              credential id, unpadded base64url
//	publicKey       COSE_Key, unpadded base64url
//	signCount       signature counter of the last sign-in
//	backupEligible  whether it is a synced passkey (BE)
//	backupState     whether a copy existed at the last sign-in (BS)
//	aaguid          model of the authenticator, a UUID that nothing attests
//	transports      hints for the browser
//	relyingPartyId  domain that the passkey belongs to
//	userHandle      user handle that the authenticator holds, unpadded base64url
//	name            what the user calls it
//	created         when it was registered, RFC 3339
//	used            when it last signed in, RFC 3339; absent before the first time
package archive

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/cognito-passkeys/cognito-passkeys/infra/admin/migrate"
	"github.com/cognito-passkeys/cognito-passkeys/shared/credentials"
	"github.com/cognito-passkeys/cognito-passkeys/shared/webauthn/credential"
)

// line is one passkey.
type line struct {
	Sub            string    `json:"sub"`
	UserName       string    `json:"userName"`
	ID             base64URL `json:"id"`
	PublicKey      base64URL `json:"publicKey"`
	SignCount      uint32    `json:"signCount"`
	BackupEligible bool      `json:"backupEligible"`
	BackupState    bool      `json:"backupState"`
	AAGUID         aaguid    `json:"aaguid"`
	Transports     []string  `json:"transports"`
	RelyingPartyID string    `json:"relyingPartyId"`
	UserHandle     base64URL `json:"userHandle"`
	Name           string    `json:"name"`
	Created        time.Time `json:"created"`
	Used           time.Time `json:"used,omitzero"`
}

// base64URL is bytes as unpadded base64url.
type base64URL []byte

// MarshalText implements encoding.TextMarshaler.
func (b base64URL) MarshalText() ([]byte, error) {
	return base64.RawURLEncoding.AppendEncode(nil, b), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (b *base64URL) UnmarshalText(text []byte) (err error) {
	*b, err = base64.RawURLEncoding.Strict().DecodeString(string(text))
	return err
}

type aaguid credential.AAGUID

// MarshalText implements encoding.TextMarshaler.
func (a aaguid) MarshalText() ([]byte, error) { return []byte(credential.AAGUID(a).String()), nil }

// UnmarshalText implements encoding.TextUnmarshaler.
func (a *aaguid) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(strings.ReplaceAll(string(text), "-", ""))
	if err != nil || len(b) != len(a) || credential.AAGUID(b).String() != string(text) {
		return errors.New("not a UUID")
	}
	*a = aaguid(b)
	return nil
}

// Write writes the line of one passkey.
func Write(w io.Writer, held credentials.Held, userName string) error {
	p := held.Passkey
	text, err := json.Marshal(line{
		Sub:            held.Sub,
		UserName:       userName,
		ID:             p.ID,
		PublicKey:      p.PublicKey,
		SignCount:      p.SignCount,
		BackupEligible: p.BackupEligible,
		BackupState:    p.BackupState,
		AAGUID:         aaguid(p.AAGUID),
		Transports:     p.Transports,
		RelyingPartyID: p.RPID,
		UserHandle:     p.UserHandle,
		Name:           p.Name,
		Created:        p.Created.UTC(),
		Used:           utc(p.Used),
	})
	if err != nil {
		return err
	}
	_, err = w.Write(append(text, '\n'))
	return err
}

// utc leaves the zero time as it is, which is left out.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return t
	}
	return t.UTC()
}

// maxLine is far above what the longest credential id and key take.
const maxLine = 64 << 10

// Candidates reads lines that Write wrote. A line that Write would not have
// written is a candidate that says so.
func Candidates(r io.Reader) iter.Seq2[migrate.Candidate, error] {
	return func(yield func(migrate.Candidate, error) bool) {
		lines := bufio.NewScanner(r)
		lines.Buffer(nil, maxLine)
		for n := 1; lines.Scan(); n++ {
			c := candidate(lines.Bytes())
			c.Item = "line " + strconv.Itoa(n)
			if !yield(c, nil) {
				return
			}
		}
		if err := lines.Err(); err != nil {
			yield(migrate.Candidate{}, fmt.Errorf("reading the archive: %w", err))
		}
	}
}

func candidate(text []byte) migrate.Candidate {
	var l line
	if err := json.Unmarshal(bytes.TrimSpace(text), &l, json.RejectUnknownMembers(true)); err != nil {
		return migrate.Candidate{Unreadable: err}
	}
	return migrate.Candidate{
		Holder: migrate.Holder{Sub: l.Sub, UserName: l.UserName},
		Record: credential.Record{
			ID:             l.ID,
			PublicKey:      l.PublicKey,
			SignCount:      l.SignCount,
			BackupEligible: l.BackupEligible,
			BackupState:    l.BackupState,
			AAGUID:         credential.AAGUID(l.AAGUID),
			Transports:     l.Transports,
			RPID:           l.RelyingPartyID,
			UserHandle:     l.UserHandle,
		},
		Name:    l.Name,
		Created: l.Created,
		Used:    l.Used,
	}
}
