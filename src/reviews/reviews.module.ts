import { Module } from '@nestjs/common';
import { AuditModule } from '../audit/audit.module.ts';
import { SessionsModule } from '../sessions/sessions.module.ts';
import { VaultModule } from '../vault/vault.module.ts';
import { ReviewComments } from './review-comments.service.ts';
import { ReviewMetrics } from './review-metrics.service.ts';
import { ReviewSamplesController } from './review-samples.controller.ts';
import { ReviewSamples } from './review-samples.service.ts';
import { ReviewsController } from './reviews.controller.ts';
import { Reviews } from './reviews.service.ts';
import { SessionReviewsController } from './session-reviews.controller.ts';

/** What the rules can't decide, people do: alone or, where four eyes are demanded, together. */
@Module({
  imports: [AuditModule, SessionsModule, VaultModule],
  controllers: [ReviewsController, ReviewSamplesController, SessionReviewsController],
  providers: [Reviews, ReviewComments, ReviewSamples, ReviewMetrics],
})
export class ReviewsModule {}
