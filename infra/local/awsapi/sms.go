package awsapi

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/cognito-passkeys/cognito-passkeys/infra/local/iam"
)

// textMessageLimit is how long a text message may be, in bytes.
// https://docs.aws.amazon.com/pinpoint/latest/apireference_smsvoicev2/API_SendTextMessage.html
const textMessageLimit = 1600

// TextMessage is a text message that End User Messaging took.
type TextMessage struct {
	To, Body string

	At time.Time
}

// sendTextMessage is a request of SendTextMessage, as far as it is known here.
type sendTextMessage struct {
	DestinationPhoneNumber, MessageBody, MessageType, OriginationIdentity, MaxPrice string

	ProtectConfigurationID string `json:"ProtectConfigurationId"`
	TimeToLive             int    // seconds
}

// Forms of members of a request.
var (
	phoneNumber = regexp.MustCompile(`^\+[1-9]\d{6,14}$`)
	maxPrice    = regexp.MustCompile(`^\d{0,2}\.\d{1,5}$`)
)

// serveSMS takes a text message. Of End User Messaging's API, it is the only
// operation that is known. Which identities exist is not known here.
func (s *Server) serveSMS(w http.ResponseWriter, caller, operation string, body []byte) error {
	if operation != "SendTextMessage" {
		return unknownOperation(targetSMS, operation)
	}
	var request sendTextMessage
	if err := decodeStrictly(body, &request); err != nil {
		return err
	}
	resources := []string{request.OriginationIdentity}
	if id := request.ProtectConfigurationID; id != "" {
		resources = append(resources, s.arn("sms-voice", "protect-configuration/"+id))
	}
	for _, resource := range resources {
		if err := s.authorizeAll(caller, []iam.Call{{Action: "sms-voice:SendTextMessage", Resource: resource}}); err != nil {
			return err
		}
	}
	switch {
	case !strings.HasPrefix(request.OriginationIdentity, "arn:"):
		return refused("ValidationException", "OriginationIdentity: the local run wants the ARN of one")
	case !phoneNumber.MatchString(request.DestinationPhoneNumber):
		return refused("ValidationException", "DestinationPhoneNumber: want a number in E.164 format")
	case request.MessageBody == "" || len(request.MessageBody) > textMessageLimit:
		return refused("ValidationException", "MessageBody has %d bytes, want 1 to %d", len(request.MessageBody), textMessageLimit)
	case request.MessageType != "TRANSACTIONAL" && request.MessageType != "PROMOTIONAL":
		return refused("ValidationException", "MessageType: want TRANSACTIONAL or PROMOTIONAL")
	case request.MaxPrice != "" && !maxPrice.MatchString(request.MaxPrice):
		return refused("ValidationException", "MaxPrice: want US dollars such as 0.20")
	case request.TimeToLive != 0 && (request.TimeToLive < 5 || request.TimeToLive > 259200):
		return refused("ValidationException", "TimeToLive: want 5 to 259200 seconds")
	}
	if s.options.TextMessage != nil {
		s.options.TextMessage(TextMessage{To: request.DestinationPhoneNumber, Body: request.MessageBody, At: s.options.Now()})
	}
	text, err := json.Marshal(map[string]string{"MessageId": rand.Text()})
	if err != nil {
		return err
	}
	writeBody(w, http.StatusOK, text)
	return nil
}
