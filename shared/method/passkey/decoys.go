package passkey

import (
	"bytes"
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/binary"
	"slices"
	"strings"
	"time"

	"golang.org/x/text/unicode/norm"

	"github.com/cognito-passkeys/cognito-passkeys/shared/customauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/framing"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// decoyKeyWait is how long a challenge waits for the decoy key on a cold start.
const decoyKeyWait = time.Second

// Decoys keeps the list of a user's passkeys from telling who has any. Who has
// none, and who does not exist, gets a false list that stays the same from one
// sign-in to the next and looks like a real one. Without the key nobody gets a
// list at all, because a real list beside missing false ones would tell; a
// discoverable passkey works without one.
type Decoys struct {
	Key           func(context.Context) (secret.Key, error)
	FoldUserNames bool // the pool ignores the case of user names
}

// List returns the passkeys to name to the browser.
func (d *Decoys) List(ctx context.Context, user customauth.User, real []customauth.Passkey) []customauth.Passkey {
	ctx, cancel := context.WithTimeout(ctx, decoyKeyWait)
	defer cancel()
	key, err := d.Key(ctx)
	if err != nil {
		return nil
	}
	// The false list is made for everybody, so that making it costs everybody the same.
	list := invent(key, d.seed(key, user))
	if len(real) > 0 {
		list = slices.Clone(real)
	}
	return inOrder(key, list)
}

func (d *Decoys) seed(key secret.Key, user customauth.User) []byte {
	if !user.NotFound {
		return mac(key[:], []byte("s"), []byte(user.Sub))
	}
	name := user.Name
	if d.FoldUserNames {
		name = norm.NFC.String(strings.ToLower(name))
	}
	return mac(key[:], []byte("u"), []byte(name))
}

// kinds are the shapes of credential ids that real authenticators make, with
// how many in a hundred have each.
var kinds = []struct {
	percent    int
	size       int // bytes
	transports []string
}{
	{29, 16, []string{"hybrid", "internal"}},
	{29, 20, []string{"hybrid", "internal"}},
	{15, 32, []string{"hybrid", "internal"}},
	{14, 32, []string{"internal"}},
	{5, 48, []string{"nfc", "usb"}},
	{3, 64, []string{"nfc", "usb"}},
	{3, 48, []string{"usb"}},
	{2, 20, nil}, // some browsers state none
}

// counts is how many users in a hundred have one, two, three, four and five passkeys.
var counts = []int{68, 20, 8, 3, 1}

// invent derives a list from a seed.
func invent(key secret.Key, seed []byte) []customauth.Passkey {
	draw := func(counter uint32, purpose string) []byte {
		return mac(key[:], seed, []byte(purpose), binary.BigEndian.AppendUint32(nil, counter))
	}
	number := 1 + pick(draw(0, "number"), counts)
	weights := make([]int, len(kinds))
	for i, k := range kinds {
		weights[i] = k.percent
	}
	list := make([]customauth.Passkey, number)
	for i := range list {
		kind := kinds[pick(draw(uint32(i), "kind"), weights)]
		id := append(draw(uint32(i), "id"), draw(uint32(i), "more")...)
		list[i] = customauth.Passkey{CredentialID: id[:kind.size], Transports: kind.transports}
	}
	return list
}

// pick returns the index that random bytes choose among weights that add up to 100.
func pick(random []byte, weights []int) int {
	n := int(binary.BigEndian.Uint64(random) % 100)
	for i, w := range weights {
		if n < w {
			return i
		}
		n -= w
	}
	return len(weights) - 1
}

// inOrder sorts a list in a way that only the holder of the key can tell from
// chance, and its transports as browsers list them.
func inOrder(key secret.Key, list []customauth.Passkey) []customauth.Passkey {
	type ranked struct {
		rank    []byte
		passkey customauth.Passkey
	}
	sorted := make([]ranked, len(list))
	for i, p := range list {
		p.Transports = slices.Sorted(slices.Values(p.Transports))
		sorted[i] = ranked{mac(key[:], []byte("order"), p.CredentialID), p}
	}
	slices.SortFunc(sorted, func(a, b ranked) int {
		return cmp.Or(bytes.Compare(a.rank, b.rank), bytes.Compare(a.passkey.CredentialID, b.passkey.CredentialID))
	})
	for i, r := range sorted {
		list[i] = r.passkey
	}
	return list
}

// mac is HMAC-SHA256 over the parts, each with its length in front.
func mac(key []byte, parts ...[]byte) []byte {
	h := hmac.New(sha256.New, key)
	h.Write(framing.Append(nil, parts...))
	return h.Sum(nil)
}
