-- CreateEnum
CREATE TYPE "LogoutTokenEnds" AS ENUM ('session', 'person');

-- AlterTable
ALTER TABLE "connections" ADD COLUMN     "email_claim" TEXT NOT NULL DEFAULT 'email',
ADD COLUMN     "logout_token_ends" "LogoutTokenEnds" NOT NULL DEFAULT 'session',
ADD COLUMN     "pkce" BOOLEAN NOT NULL DEFAULT true,
ADD COLUMN     "request_auth_time" BOOLEAN NOT NULL DEFAULT false,
ADD COLUMN     "tells_auth_time" BOOLEAN;
