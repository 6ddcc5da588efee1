package userpool

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"time"
)

// The group is the 3072-bit MODP group of RFC 3526 section 4 with generator 2; the protocol is SRP-6a (RFC 5054) with
// SHA-256 and Cognito's own key derivation. Numbers are hashed as Java's BigInteger.toByteArray writes them.
var (
	srpPrime = parseHex("" +
		"FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22514A08798E3404DD" +
		"EF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6F44C42E9A637ED6B0BFF5CB6F406B7ED" +
		"EE386BFB5A899FA5AE9F24117C4B1FE649286651ECE45B3DC2007CB8A163BF0598DA48361C55D39A69163FA8FD24CF5F" +
		"83655D23DCA3AD961C62F356208552BB9ED529077096966D670C354E4ABC9804F1746C08CA18217C32905E462E36CE3B" +
		"E39E772C180E86039B2783A2EC07A28FB5C55DF06F4C52C9DE2BCBF6955817183995497CEA956AE515D2261898FA0510" +
		"15728E5A8AAAC42DAD33170D04507A33A85521ABDF1CBA64ECFB850458DBEF0A8AEA71575D060C7DB3970F85A6E1E4C7" +
		"ABF5AE8CDB0933D71E8C94E04A25619DCEE3D2261AD2EE6BF12FFA06D98A0864D87602733EC86A64521F2B18177B200C" +
		"BBE117577A615D6C770988C0BAD946E208E24FA074E5AB3143DB5BFCE0FD108E4B82D120A93AD2CAFFFFFFFFFFFFFFFF")
	srpGenerator  = big.NewInt(2)
	srpMultiplier = hashInt(signed(srpPrime), signed(srpGenerator)) // k
)

const (
	srpPrimeBytes = 384
	srpKeyInfo    = "Caldera Derived Key"
	srpKeyBytes   = 16
	srpSaltBytes  = 16

	// srpTimestamp is the TIMESTAMP of PASSWORD_VERIFIER, in UTC.
	srpTimestamp = "Mon Jan 2 15:04:05 UTC 2006"
)

func parseHex(s string) *big.Int {
	n, ok := new(big.Int).SetString(s, 16)
	if !ok {
		panic("userpool: not a hexadecimal constant: " + s)
	}
	return n
}

// signed returns the shortest two's complement of a natural number.
func signed(n *big.Int) []byte {
	b := n.Bytes()
	if len(b) > 0 && b[0]&0x80 != 0 {
		return append([]byte{0}, b...)
	}
	return b
}

func hash(parts ...[]byte) []byte {
	h := sha256.New()
	for _, part := range parts {
		h.Write(part)
	}
	return h.Sum(nil)
}

func hashInt(parts ...[]byte) *big.Int { return new(big.Int).SetBytes(hash(parts...)) }

// srpVerifier returns v = g^x, which checks a password without holding it.
func srpVerifier(poolName, username, password string, salt []byte) []byte {
	identity := hash([]byte(poolName + username + ":" + password))
	x := hashInt(signed(new(big.Int).SetBytes(salt)), identity)
	v := new(big.Int).Exp(srpGenerator, x, srpPrime)
	return v.FillBytes(make([]byte, srpPrimeBytes))
}

// srpExchange is the server's side of one SRP sign-in, after the client's A.
type srpExchange struct {
	salt []byte
	b    *big.Int // B
	key  []byte
}

// newSRPExchange answers a client's A, in hexadecimal. It refuses an A that would fix the key (RFC 5054 section 2.5.4).
func newSRPExchange(hexA string, salt, verifier []byte) (*srpExchange, error) {
	if len(hexA) > 2*srpPrimeBytes+2 {
		return nil, fmt.Errorf("SRP_A is longer than the group's prime")
	}
	a, ok := new(big.Int).SetString(hexA, 16)
	if !ok || a.Sign() <= 0 || new(big.Int).Mod(a, srpPrime).Sign() == 0 {
		return nil, fmt.Errorf("SRP_A is not a hexadecimal number other than 0 modulo the group's prime")
	}
	v := new(big.Int).SetBytes(verifier)
	secret := new(big.Int).SetBytes(randomBytes(32))
	b := new(big.Int).Exp(srpGenerator, secret, srpPrime)
	b.Add(b, new(big.Int).Mul(srpMultiplier, v)).Mod(b, srpPrime)
	u := hashInt(signed(a), signed(b))
	s := new(big.Int).Exp(v, u, srpPrime)
	s.Mul(s, a).Exp(s, secret, srpPrime)
	key, err := hkdf.Key(sha256.New, signed(s), signed(u), srpKeyInfo, srpKeyBytes)
	if err != nil {
		return nil, fmt.Errorf("deriving the SRP key: %w", err)
	}
	return &srpExchange{salt: salt, b: b, key: key}, nil
}

// proves reports whether the signature is that of someone who knows the password.
func (e *srpExchange) proves(poolName, username, secretBlock, timestamp, signature string) bool {
	block, err := base64.StdEncoding.DecodeString(secretBlock)
	if err != nil {
		return false
	}
	given, err := base64.StdEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	mac := hmac.New(sha256.New, e.key)
	mac.Write([]byte(poolName + username))
	mac.Write(block)
	mac.Write([]byte(timestamp))
	return hmac.Equal(mac.Sum(nil), given)
}

func (e *srpExchange) saltHex() string { return hex.EncodeToString(e.salt) }

func isSRPTimestamp(s string) bool {
	_, err := time.Parse(srpTimestamp, s)
	return err == nil
}

// setPassword replaces a user's password.
func (p *Pool) setPassword(u *user, password string) {
	u.Salt = randomBytes(srpSaltBytes)
	u.Verifier = srpVerifier(p.name(), u.Username, password, u.Salt)
	u.PasswordExpiry = time.Time{}
	p.touch(u)
}

// hasPassword reports whether the password is the user's. For a user that doesn't exist it says no after the same work.
func (p *Pool) hasPassword(u *user, password string) bool {
	if u == nil {
		srpVerifier(p.name(), "", password, nil)
		return false
	}
	v := srpVerifier(p.name(), u.Username, password, u.Salt)
	return subtle.ConstantTimeCompare(v, u.Verifier) == 1
}
