package webauthn

import (
	"bytes"
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/go-webauthn/webauthn/protocol"
)

// MinChallengeSize is the length in bytes below which no challenge is
// accepted (§13.4.3).
const MinChallengeSize = 16

// clientData is what the browser states about the ceremony (§5.8.1).
type clientData struct {
	raw          []byte // as they came, which are signed
	challenge    []byte
	collected    protocol.CollectedClientData
	hasTopOrigin bool
}

// parseClientData decodes clientDataJSON. Members that it does not know are
// ignored, as §5.8.1 demands; a known one must be spelled exactly, and be there
// once, neither of which go-webauthn's own decoding asks for.
func parseClientData(raw []byte) (clientData, error) {
	// "UTF-8 decode" of §7.1 and §7.2 strips a byte order mark.
	members := readObject(bytes.TrimPrefix(raw, []byte("\xef\xbb\xbf")))
	data := clientData{
		raw:       raw,
		challenge: members.bytes("challenge"),
		collected: protocol.CollectedClientData{
			Type:   protocol.CeremonyType(members.text("type")),
			Origin: members.text("origin"),
		},
		hasTopOrigin: members.has("topOrigin"),
	}
	data.collected.Challenge = base64.RawURLEncoding.EncodeToString(data.challenge)
	switch value := members.take("crossOrigin"); value.Kind() {
	case 't':
		data.collected.CrossOrigin = true
	case 'f', 0:
	default:
		members.fail("crossOrigin", "is not a boolean")
	}
	return data, members.err
}

// checkClientData is §7.1 steps 7 to 11 and §7.2 steps 10 to 14.
func (rp RelyingParty) checkClientData(data *clientData, ceremony protocol.CeremonyType, challenge []byte) error {
	switch {
	case data.collected.Type != ceremony:
		return refuse(WrongType, fmt.Sprintf("the client data is not of type %s", ceremony))
	case len(challenge) < MinChallengeSize || subtle.ConstantTimeCompare(data.challenge, challenge) != 1:
		return refuse(WrongChallenge, "the signed challenge is not the one that was issued")
	case !rp.allowsOrigin(data.collected.Origin):
		return refuse(WrongOrigin, fmt.Sprintf("the origin %.100q is not on the list", data.collected.Origin))
	case data.collected.CrossOrigin || data.hasTopOrigin:
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
