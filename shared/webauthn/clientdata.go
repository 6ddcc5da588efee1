package webauthn

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
)

// MinChallengeSize is the length in bytes below which no challenge is
// accepted (§13.4.3).
const MinChallengeSize = 16

// The types of client data, one per ceremony (§5.8.1).
const (
	typeCreate = "webauthn.create"
	typeGet    = "webauthn.get"
)

// clientData is what the browser states about the ceremony (§5.8.1).
type clientData struct {
	hash         [sha256.Size]byte // of the bytes as they came, which are signed
	ceremony     string
	challenge    []byte
	origin       string
	crossOrigin  bool
	hasTopOrigin bool
}

// parseClientData decodes clientDataJSON. Members that it does not know are
// ignored, as §5.8.1 demands; a known one must be spelled exactly.
func parseClientData(raw []byte) (clientData, error) {
	// "UTF-8 decode" of §7.1 and §7.2 strips a byte order mark.
	members := readObject(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")))
	data := clientData{
		hash:         sha256.Sum256(raw),
		ceremony:     members.text("type"),
		challenge:    members.bytes("challenge"),
		origin:       members.text("origin"),
		hasTopOrigin: members.has("topOrigin"),
	}
	switch value := members.take("crossOrigin"); value.Kind() {
	case 't':
		data.crossOrigin = true
	case 'f', 0:
	default:
		members.fail("crossOrigin", "is not a boolean")
	}
	return data, members.err
}

// checkClientData is §7.1 steps 7 to 11 and §7.2 steps 10 to 14.
func (rp RelyingParty) checkClientData(data clientData, ceremony string, challenge []byte) error {
	switch {
	case data.ceremony != ceremony:
		return refuse(WrongType, "the client data is not of type "+ceremony)
	case len(challenge) < MinChallengeSize || subtle.ConstantTimeCompare(data.challenge, challenge) != 1:
		return refuse(WrongChallenge, "the signed challenge is not the one that was issued")
	case !rp.allowsOrigin(data.origin):
		return refuse(WrongOrigin, fmt.Sprintf("the origin %.100q is not on the list", data.origin))
	case data.crossOrigin || data.hasTopOrigin:
		return refuse(CrossOrigin, "the ceremony ran in a frame of another origin")
	}
	return nil
}

// checkExtensions ignores what was not asked for, because clients and
// authenticators add outputs of their own (§7.1 and §7.2 leave the choice) and
// a browser asks a security key for credProtect by itself. Refused is an
// output by which the client says that it did not check the relying party id
// or the origin.
func checkExtensions(results map[string]jsontext.Value) error {
	for _, name := range []string{"appid", "remoteClientDataJSON"} {
		if result, ok := results[name]; ok && result.Kind() != 'f' {
			return refuse(Extension, "the extension "+name+" was not asked for")
		}
	}
	return nil
}
