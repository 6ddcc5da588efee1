package sample

import (
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/go-jose/go-jose/v4"
	"github.com/go-webauthn/webauthn/protocol/webauthncbor"
	"github.com/go-webauthn/webauthn/protocol/webauthncose"
)

// members of a JWK that say what the key is. The sample keeps those of an EC key
// as base64url text, and those of an RSA key as bytes.
var members = []string{"kty", "alg", "crv", "x", "y", "n", "e"}

// coseOf turns a JWK (RFC 7517) into a COSE_Key (RFC 9052 §7) in canonical CBOR,
// as authenticators make one. Whether the key is sound is judged by whoever
// stores it.
func coseOf(jwk map[string]types.AttributeValue) ([]byte, error) {
	stated := map[string]string{} // member → text
	for _, name := range members {
		switch v := jwk[name].(type) {
		case *types.AttributeValueMemberS:
			stated[name] = v.Value
		case *types.AttributeValueMemberB:
			stated[name] = base64.RawURLEncoding.EncodeToString(v.Value)
		}
	}
	text, err := json.Marshal(stated)
	if err != nil {
		return nil, err
	}
	var key jose.JSONWebKey
	if err := key.UnmarshalJSON(text); err != nil {
		return nil, err
	}
	cose, algorithm, err := coseKey(key.Key)
	if err != nil {
		return nil, err
	}
	if key.Algorithm != "" && key.Algorithm != algorithm {
		return nil, fmt.Errorf("the algorithm %q doesn't fit the key, want %s", key.Algorithm, algorithm)
	}
	return webauthncbor.Marshal(cose)
}

// coseKey returns the COSE_Key of a public key, and the JOSE name of its algorithm.
func coseKey(public any) (cose any, algorithm string, err error) {
	switch key := public.(type) {
	case *ecdsa.PublicKey:
		point, err := key.Bytes()
		if err != nil || len(point) != 1+2*32 {
			return nil, "", errors.New("want an EC key on P-256")
		}
		return webauthncose.EC2PublicKeyData{
			PublicKeyData: header(webauthncose.EllipticKey, webauthncose.AlgES256),
			Curve:         int64(webauthncose.P256),
			XCoord:        point[1:33],
			YCoord:        point[33:],
		}, string(jose.ES256), nil
	case *rsa.PublicKey:
		return webauthncose.RSAPublicKeyData{
			PublicKeyData: header(webauthncose.RSAKey, webauthncose.AlgRS256),
			Modulus:       key.N.Bytes(),
			Exponent:      big.NewInt(int64(key.E)).Bytes(),
		}, string(jose.RS256), nil
	case ed25519.PublicKey:
		return webauthncose.OKPPublicKeyData{
			PublicKeyData: header(webauthncose.OctetKey, webauthncose.AlgEdDSA),
			Curve:         int64(webauthncose.Ed25519),
			XCoord:        key,
		}, string(jose.EdDSA), nil
	default:
		return nil, "", fmt.Errorf("a %T is no public key of a passkey", public)
	}
}

func header(keyType webauthncose.COSEKeyType, algorithm webauthncose.COSEAlgorithmIdentifier) webauthncose.PublicKeyData {
	return webauthncose.PublicKeyData{KeyType: int64(keyType), Algorithm: int64(algorithm)}
}
