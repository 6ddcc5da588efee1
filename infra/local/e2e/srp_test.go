package e2e_test

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"math/big"
	"strings"
	"testing"
	"time"

	cognito "github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider"
	"github.com/aws/aws-sdk-go-v2/service/cognitoidentityprovider/types"
)

// srpPrime is the 3072-bit group of RFC 5054, with generator 2.
const srpPrime = `
FFFFFFFF FFFFFFFF C90FDAA2 2168C234 C4C6628B 80DC1CD1 29024E08 8A67CC74 020BBEA6 3B139B22 514A0879 8E3404DD
EF9519B3 CD3A431B 302B0A6D F25F1437 4FE1356D 6D51C245 E485B576 625E7EC6 F44C42E9 A637ED6B 0BFF5CB6 F406B7ED
EE386BFB 5A899FA5 AE9F2411 7C4B1FE6 49286651 ECE45B3D C2007CB8 A163BF05 98DA4836 1C55D39A 69163FA8 FD24CF5F
83655D23 DCA3AD96 1C62F356 208552BB 9ED52907 7096966D 670C354E 4ABC9804 F1746C08 CA18217C 32905E46 2E36CE3B
E39E772C 180E8603 9B2783A2 EC07A28F B5C55DF0 6F4C52C9 DE2BCBF6 95581718 3995497C EA956AE5 15D22618 98FA0510
15728E5A 8AAAC42D AD33170D 04507A33 A85521AB DF1CBA64 ECFB8504 58DBEF0A 8AEA7157 5D060C7D B3970F85 A6E1E4C7
ABF5AE8C DB0933D7 1E8C94E0 4A25619D CEE3D226 1AD2EE6B F12FFA06 D98A0864 D8760273 3EC86A64 521F2B18 177B200C
BBE11757 7A615D6C 770988C0 BAD946E2 08E24FA0 74E5AB31 43DB5BFC E0FD108E 4B82D120 A93AD2CA FFFFFFFF FFFFFFFF`

// signInWithPassword signs in by password on the app client of the page.
func (p *program) signInWithPassword(t *testing.T, name string) *types.AuthenticationResultType {
	t.Helper()
	tokens, err := p.tryPassword(t, p.Config.UserPoolClientID, name)
	if err != nil {
		t.Fatalf("signing in by password: %v", err)
	}
	return tokens
}

// tryPassword is Cognito's SRP sign-in, as its browser clients do it.
func (p *program) tryPassword(t *testing.T, clientID, name string) (*types.AuthenticationResultType, error) {
	t.Helper()
	n, _ := new(big.Int).SetString(strings.Join(strings.Fields(srpPrime), ""), 16)
	g := big.NewInt(2)
	secret, err := rand.Int(rand.Reader, n)
	if err != nil {
		t.Fatal(err)
	}
	public := new(big.Int).Exp(g, secret, n)
	begun, err := p.pool.InitiateAuth(t.Context(), &cognito.InitiateAuthInput{
		ClientId: &clientID, AuthFlow: types.AuthFlowTypeUserSrpAuth,
		AuthParameters: map[string]string{"USERNAME": name, "SRP_A": public.Text(16)},
	})
	if err != nil {
		return nil, err
	}
	parameters := begun.ChallengeParameters
	timestamp := time.Now().UTC().Format("Mon Jan 2 15:04:05 UTC 2006")
	_, poolName, _ := strings.Cut(p.Config.UserPoolID, "_")

	b, salt := hexInt(parameters["SRP_B"]), hexInt(parameters["SALT"])
	u := hashInt(padded(public), padded(b))
	inner := sha256.Sum256([]byte(poolName + parameters["USER_ID_FOR_SRP"] + ":" + password))
	x := hashInt(padded(salt), inner[:])
	k := hashInt(padded(n), padded(g))
	base := new(big.Int).Mod(new(big.Int).Sub(b, new(big.Int).Mul(k, new(big.Int).Exp(g, x, n))), n)
	shared := new(big.Int).Exp(base, new(big.Int).Add(secret, new(big.Int).Mul(u, x)), n)
	key, err := hkdf.Key(sha256.New, padded(shared), padded(u), "Caldera Derived Key", 16)
	if err != nil {
		t.Fatal(err)
	}
	block, err := base64.StdEncoding.DecodeString(parameters["SECRET_BLOCK"])
	if err != nil {
		t.Fatal(err)
	}
	mac := hmac.New(sha256.New, key)
	for _, part := range [][]byte{[]byte(poolName), []byte(parameters["USER_ID_FOR_SRP"]), block, []byte(timestamp)} {
		mac.Write(part)
	}
	answered, err := p.pool.RespondToAuthChallenge(t.Context(), &cognito.RespondToAuthChallengeInput{
		ClientId: &clientID, ChallengeName: types.ChallengeNameTypePasswordVerifier,
		ChallengeResponses: map[string]string{
			"USERNAME": parameters["USER_ID_FOR_SRP"], "TIMESTAMP": timestamp,
			"PASSWORD_CLAIM_SECRET_BLOCK": parameters["SECRET_BLOCK"],
			"PASSWORD_CLAIM_SIGNATURE":    base64.StdEncoding.EncodeToString(mac.Sum(nil)),
		},
	})
	if err != nil {
		return nil, err
	}
	return answered.AuthenticationResult, nil
}

func hexInt(text string) *big.Int {
	n, _ := new(big.Int).SetString(text, 16)
	return n
}

// padded is the number as bytes, with a zero in front if the first bit is set.
func padded(n *big.Int) []byte {
	text := n.Text(16)
	if len(text)%2 == 1 {
		text = "0" + text
	}
	if strings.ContainsRune("89abcdef", rune(text[0])) {
		text = "00" + text
	}
	b, _ := hex.DecodeString(text)
	return b
}

func hashInt(parts ...[]byte) *big.Int {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return new(big.Int).SetBytes(h.Sum(nil))
}
