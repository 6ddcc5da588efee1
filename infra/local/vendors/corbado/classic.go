package corbado

import (
	"crypto/rand"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/vendors/fault"
)

// ClientInfo is what the classic product knows of the browser that signed in.
type ClientInfo struct {
	RemoteAddress string `json:"remoteAddress"`
	UserAgent     string `json:"userAgent"`
}

const authTokenLength = 64 // characters

type authToken struct {
	userName string
	client   ClientInfo
}

// AuthToken returns the one-time token with which Corbado's page sends a user
// who has just signed in there back to the customer's site.
func (s *Service) AuthToken(userName string, c ClientInfo) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	token := (rand.Text() + rand.Text() + rand.Text())[:authTokenLength]
	s.authTokens[token] = authToken{userName, c}
	return token
}

type authTokenEnvelope struct {
	HTTPStatusCode int         `json:"httpStatusCode"`
	Message        string      `json:"message"`
	RequestData    requestData `json:"requestData"`
	Runtime        float64     `json:"runtime"` // seconds
	Data           any         `json:"data"`
}

type authTokenData struct {
	UserID   string      `json:"userID"`
	UserData string      `json:"userData"` // JSON in a string
	User     classicUser `json:"user"`
}

type classicUser struct {
	ID       string `json:"ID"`
	Name     string `json:"name"`
	FullName string `json:"fullName"`
	Status   string `json:"status"`
}

func (s *Service) validateAuthToken(_ *http.Request, body []byte) (any, *problem) {
	var in struct {
		Token      string     `json:"token"`
		ClientInfo ClientInfo `json:"clientInfo"`
		RequestID  string     `json:"requestID"`
	}
	switch {
	case json.Unmarshal(body, &in) != nil:
		return nil, invalid("body", "must be a JSON object")
	case len(in.Token) != authTokenLength:
		return nil, invalid("token", "the length must be exactly 64")
	case in.ClientInfo.RemoteAddress == "":
		return nil, invalid("clientInfo.remoteAddress", "cannot be blank")
	case in.ClientInfo.UserAgent == "":
		return nil, invalid("clientInfo.userAgent", "cannot be blank")
	}
	signIn, ok := s.takeAuthToken(in.Token)
	if !ok || signIn.client != in.ClientInfo {
		return nil, &problem{status: http.StatusNotFound, kind: "not_found", details: "Session doesn't exist"}
	}
	if s.Is(fault.SuccessForAnother) {
		signIn.userName = another
	}
	userData, err := json.Marshal(map[string]string{"username": signIn.userName})
	if err != nil {
		panic(err) // a map of strings
	}
	id := newID("usr-")
	return authTokenEnvelope{
		HTTPStatusCode: http.StatusOK,
		Message:        http.StatusText(http.StatusOK),
		RequestData:    newRequestData(),
		Data: authTokenData{
			UserID:   id,
			UserData: string(userData),
			User:     classicUser{ID: id, Name: signIn.userName, FullName: signIn.userName, Status: "active"},
		},
	}, nil
}

func (s *Service) takeAuthToken(token string) (authToken, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	signIn, ok := s.authTokens[token]
	delete(s.authTokens, token)
	return signIn, ok
}
