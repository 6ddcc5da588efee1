package classic

import (
	"context"
	stdjson "encoding/json"
	"errors"
	"io"
	"log/slog"
	"mime"
	"net/http"

	"github.com/go-json-experiment/json"

	"github.com/cognito-passkeys/cognito-passkeys/shared/basicauth"
	"github.com/cognito-passkeys/cognito-passkeys/shared/secret"
)

// Status is what Corbado needs to know of a user before it asks for a password.
type Status string

// The statuses.
const (
	Exists    Status = "exists" // and may have a password
	NotExists Status = "not_exists"
	Blocked   Status = "blocked"
)

// Users is what the webhook asks.
type Users interface {
	// Status returns what is known of a name. An error is a fault.
	Status(ctx context.Context, name string) (Status, error)
	// VerifyPassword reports whether a password is right. An error is a fault.
	VerifyPassword(ctx context.Context, name, password string) (bool, error)
}

// Webhook implements http.Handler. It answers 200 to what Corbado asks and
// nothing else: 401 to strangers, 4xx to what is no question, and 503 when a
// question can't be answered for the moment.
type Webhook struct {
	Users       Users
	Credentials func(context.Context) (secret.Text, error) // <user>:<password>, as entered at Corbado
	Log         *slog.Logger
}

// Actions, as the header names them and the body repeats.
const (
	headerAction         = "X-Corbado-Action"
	actionAuthMethods    = "authMethods"
	actionPasswordVerify = "passwordVerify"
)

// maxBody bounds a question, in bytes.
const maxBody = 8 << 10

// question is what Corbado asks.
type question struct {
	Action string `json:"action"`
	Data   struct {
		UserName string `json:"username"`
		Password string `json:"password"` // of actionPasswordVerify
	} `json:"data"`
}

type answer struct {
	ResponseID string `json:"responseID"` // for Corbado's log; nothing to tell
	Data       any    `json:"data"`
}

type statusData struct {
	Status Status `json:"status"`
}

type successData struct {
	Success bool `json:"success"`
}

// refusal is the status of a request that is no question.
type refusal int

func (r refusal) Error() string { return http.StatusText(int(r)) }

// ServeHTTP implements http.Handler.
func (h *Webhook) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	asked, err := h.open(w, r)
	var data any
	if err == nil {
		data, err = h.answer(r.Context(), asked)
	}
	w.Header().Set("Cache-Control", "no-store")
	var refused refusal
	switch {
	case errors.As(err, &refused):
		h.refuse(w, r, int(refused))
		return
	case err != nil:
		h.Log.ErrorContext(r.Context(), "webhook", "error", err.Error())
		http.Error(w, http.StatusText(http.StatusServiceUnavailable), http.StatusServiceUnavailable)
		return
	}
	h.Log.InfoContext(r.Context(), "webhook", "action", asked.Action)
	w.Header().Set("Content-Type", contentType)
	_ = stdjson.NewEncoder(w).Encode(answer{Data: data}) // Corbado may have gone
}

const contentType = "application/json"

func (h *Webhook) refuse(w http.ResponseWriter, r *http.Request, status int) {
	switch status {
	case http.StatusUnauthorized:
		w.Header().Set(basicauth.ChallengeHeader, basicauth.Challenge)
	case http.StatusMethodNotAllowed:
		w.Header().Set("Allow", http.MethodPost)
	}
	h.Log.WarnContext(r.Context(), "webhook", "refused", status)
	http.Error(w, http.StatusText(status), status)
}

// open reads the question, if the one who asks may: strangers learn nothing but
// that they are.
func (h *Webhook) open(w http.ResponseWriter, r *http.Request) (asked question, err error) {
	credentials, err := h.Credentials(r.Context())
	if err != nil {
		return question{}, err
	}
	media, _, mediaErr := mime.ParseMediaType(r.Header.Get("Content-Type"))
	switch {
	case !basicauth.Matches(r, credentials):
		return question{}, refusal(http.StatusUnauthorized)
	case r.Method != http.MethodPost:
		return question{}, refusal(http.StatusMethodNotAllowed)
	case mediaErr != nil || media != contentType:
		return question{}, refusal(http.StatusUnsupportedMediaType)
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return question{}, refusal(http.StatusRequestEntityTooLarge)
	case err != nil || json.Unmarshal(body, &asked) != nil || asked.Action != r.Header.Get(headerAction):
		return question{}, refusal(http.StatusBadRequest)
	}
	return asked, nil
}

func (h *Webhook) answer(ctx context.Context, asked question) (any, error) {
	switch asked.Action {
	case actionAuthMethods:
		status, err := h.Users.Status(ctx, asked.Data.UserName)
		return statusData{status}, err
	case actionPasswordVerify:
		right, err := h.Users.VerifyPassword(ctx, asked.Data.UserName, asked.Data.Password)
		return successData{right}, err
	default:
		return nil, refusal(http.StatusBadRequest)
	}
}
